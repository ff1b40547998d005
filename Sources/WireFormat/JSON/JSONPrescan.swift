/// A walk over a text before it is parsed, which finds what would take too much memory or stack.
///
/// It knows strings, brackets and commas only. On everything up to a text's first syntax error it agrees with the
/// parser about what lies inside a string, and the parser stops at that error, so the parser never makes more values
/// than were counted here.
enum JSONPrescan {
    /// Refuses texts that are nested too deep, hold too many values, or hold a zero byte.
    static func check(_ text: Span<UInt8>, limits: JSONLimits) throws(JSONError) {
        var depth = 0
        // Every value but the first is behind a comma or an opening bracket.
        var values = 1
        var insideString = false
        var index = 0
        while index < text.count {
            let byte = text[index]
            // libjansson passes over a zero byte behind a number.
            if byte == 0 { throw fault(.syntax, "Invalid JSON (zero byte)", text, index) }
            if insideString {
                if byte == UInt8(ascii: "\\") {
                    index += 1
                } else if byte == UInt8(ascii: "\"") {
                    insideString = false
                }
                index += 1
                continue
            }
            switch byte {
            case UInt8(ascii: "\""):
                insideString = true
            case UInt8(ascii: ","):
                values += 1
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                values += 1
                depth += 1
                if depth > limits.maximumDepth {
                    throw fault(.tooDeep, "The JSON is nested deeper than \(limits.maximumDepth) levels", text, index)
                }
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth -= 1
            default:
                break
            }
            if values > limits.maximumValues {
                let limit = "The JSON holds more than \(limits.maximumValues) values"
                throw fault(.tooManyValues, limit, text, index)
            }
            index += 1
        }
    }

    /// An error about the byte at `offset`: lines and columns count from 1, columns in characters.
    private static func fault(_ code: JSONError.Code, _ text: String, _ bytes: Span<UInt8>, _ offset: Int) -> JSONError
    {
        var line = 1
        var column = 1
        for index in 0..<offset {
            if bytes[index] == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if bytes[index] & 0xC0 != 0x80 {
                // Continuation bytes of UTF-8 belong to the character before.
                column += 1
            }
        }
        return JSONError(code, text, line: line, column: column)
    }
}
