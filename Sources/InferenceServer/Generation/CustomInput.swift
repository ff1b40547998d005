/// The text that a custom tool is called with, out of the JSON in which the model writes it: `{"input": "…"}`.
struct CustomInput {
    private var json: [UInt8] = []
    /// Up to where the JSON has been read; before the text begins, 0.
    private var position = 0
    private var isOver = false

    /// Takes the next piece of the JSON, and gives what it adds to the text: whole characters and escapes.
    mutating func append(_ piece: String) -> String {
        json += piece.utf8
        if position == 0 {
            guard let colon = json.firstIndex(of: UInt8(ascii: ":")),
                let quote = json[colon...].firstIndex(of: UInt8(ascii: "\""))
            else { return "" }
            position = quote + 1
        }
        var text: [UInt8] = []
        while !isOver, position < json.count {
            guard json[position] != UInt8(ascii: "\"") else {
                isOver = true
                break
            }
            guard json[position] == UInt8(ascii: "\\") else {
                text.append(json[position])
                position += 1
                continue
            }
            guard let (escaped, length) = escape(at: position) else { break }
            text += String(escaped).utf8
            position += length
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The character of an escape, and the length of the escape; nil where it is not complete.
    private func escape(at start: Int) -> (Unicode.Scalar, Int)? {
        guard start + 1 < json.count else { return nil }
        switch json[start + 1] {
        case UInt8(ascii: "n"): return ("\n", 2)
        case UInt8(ascii: "t"): return ("\t", 2)
        case UInt8(ascii: "r"): return ("\r", 2)
        case UInt8(ascii: "b"): return ("\u{8}", 2)
        case UInt8(ascii: "f"): return ("\u{C}", 2)
        case UInt8(ascii: "u"):
            guard let unit = self.unit(at: start) else { return nil }
            guard 0xD800..<0xDC00 ~= unit else { return (Unicode.Scalar(unit) ?? "\u{FFFD}", 6) }
            // The two halves of a character beyond the first plane come out together.
            guard start + 12 <= json.count || isCut(at: start + 6) else { return nil }
            guard let low = self.unit(at: start + 6), 0xDC00..<0xE000 ~= low else { return ("\u{FFFD}", 6) }
            return (Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)) ?? "\u{FFFD}", 12)
        default: return (Unicode.Scalar(json[start + 1]), 2)
        }
    }

    /// The number of `\uXXXX`, or nil where there is no such thing.
    private func unit(at start: Int) -> UInt32? {
        guard start + 6 <= json.count, json[start] == UInt8(ascii: "\\"), json[start + 1] == UInt8(ascii: "u") else {
            return nil
        }
        return UInt32(String(decoding: json[start + 2..<start + 6], as: UTF8.self), radix: 16)
    }

    /// Whether what stands here, as far as it has come, is no escape of a number.
    private func isCut(at start: Int) -> Bool {
        (start < json.count && json[start] != UInt8(ascii: "\\"))
            || (start + 1 < json.count && json[start + 1] != UInt8(ascii: "u"))
    }
}
