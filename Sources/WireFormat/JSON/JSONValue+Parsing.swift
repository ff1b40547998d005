internal import CJansson

extension JSONValue {
    /// The value that a text holds, and nothing else: strict UTF-8, no key twice, nothing behind the value.
    ///
    /// - Throws: `JSONError` for a text that is no JSON, or exceeds the limits.
    package static func parse(_ text: [UInt8], limits: JSONLimits = .standard) throws(JSONError) -> JSONValue {
        guard text.contains(where: { !$0.isJSONSpace }) else { throw JSONError(.empty, "The JSON text is empty.") }
        // libjansson counts positions in an int.
        guard text.count < Int(Int32.max) else { throw JSONError(.tooLong, "The JSON text is too long.") }
        try JSONPrescan.check(text.span, limits: limits)
        return try JanssonValue(parsing: text).value
    }

    /// The value that a text holds, and nothing else.
    ///
    /// - Throws: `JSONError` for a text that is no JSON, or exceeds the limits.
    package static func parse(_ text: String, limits: JSONLimits = .standard) throws(JSONError) -> JSONValue {
        try parse(Array(text.utf8), limits: limits)
    }
}

extension UInt8 {
    fileprivate var isJSONSpace: Bool { self == 0x20 || self == 0x09 || self == 0x0A || self == 0x0D }
}

/// The tree that libjansson makes of a text; owned, and freed with this value.
@safe private struct JanssonValue: ~Copyable {
    private let root: UnsafeMutablePointer<json_t>

    init(parsing text: [UInt8]) throws(JSONError) {
        var error = json_error_t()
        let parsed = unsafe text.withUnsafeBytes { bytes in
            unsafe json_loadb(bytes.baseAddress, bytes.count, cj_strict_flags, &error)
        }
        guard let parsed = unsafe parsed else { throw JSONError(error) }
        unsafe root = parsed
    }

    deinit { unsafe json_decref(root) }

    /// A copy of the tree; the prescan has bounded its depth, and so the recursion.
    var value: JSONValue { unsafe Self.copy(root) }

    private static func copy(_ value: UnsafeMutablePointer<json_t>) -> JSONValue {
        switch unsafe cj_type(value) {
        case JSON_OBJECT: unsafe .object(copyMembers(value))
        case JSON_ARRAY: unsafe .array(copyElements(value))
        case JSON_STRING: unsafe .string(copyText(json_string_value(value), length: json_string_length(value)))
        case JSON_INTEGER: unsafe .integer(Int64(json_integer_value(value)))
        case JSON_REAL: unsafe .number(json_real_value(value))
        case JSON_TRUE: .bool(true)
        case JSON_FALSE: .bool(false)
        default: .null
        }
    }

    private static func copyElements(_ array: UnsafeMutablePointer<json_t>) -> [JSONValue] {
        let count = unsafe json_array_size(array)
        var elements: [JSONValue] = []
        elements.reserveCapacity(count)
        for index in 0..<count {
            // An index below the size always has an element.
            guard let element = unsafe json_array_get(array, index) else { break }
            unsafe elements.append(copy(element))
        }
        return elements
    }

    /// The members of an object; libjansson iterates in the order in which they were added.
    private static func copyMembers(_ object: UnsafeMutablePointer<json_t>) -> JSONObject {
        var members: [JSONObject.Member] = []
        unsafe members.reserveCapacity(json_object_size(object))
        var iterator = unsafe json_object_iter(object)
        while let current = unsafe iterator {
            let key = unsafe copyText(json_object_iter_key(current), length: json_object_iter_key_len(current))
            if let value = unsafe json_object_iter_value(current) {
                unsafe members.append(JSONObject.Member(key: key, value: copy(value)))
            }
            unsafe iterator = json_object_iter_next(object, current)
        }
        return JSONObject(members: members)
    }

    /// A copy of text that libjansson has already found to be UTF-8; it may hold NUL.
    private static func copyText(_ text: UnsafePointer<CChar>?, length: Int) -> String {
        unsafe String(decoding: UnsafeRawBufferPointer(start: text, count: length), as: UTF8.self)
    }
}

extension JSONError {
    /// What libjansson found wrong; its own words are kept where they say more than ours.
    fileprivate init(_ error: json_error_t) {
        var error = error
        let text = unsafe String(cString: cj_error_text(&error))
        let (code, fault): (Code, String) =
            switch unsafe json_error_code(&error) {
            case json_error_premature_end_of_input: (.truncated, "The JSON text ends too early")
            case json_error_end_of_input_expected: (.trailingText, "Unexpected text behind the JSON value")
            case json_error_invalid_utf8: (.invalidUTF8, "Invalid UTF-8 (\(text))")
            case json_error_duplicate_key: (.duplicateKey, "A key comes twice in an object (\(text))")
            case json_error_null_byte_in_key: (.nullInKey, "A key holds the character U+0000")
            case json_error_numeric_overflow: (.numberOutOfRange, "A number is out of range (\(text))")
            case json_error_out_of_memory: (.outOfMemory, "There is not enough memory for the JSON text")
            default: (.syntax, "Invalid JSON (\(text))")
            }
        // libjansson counts the characters that it has read, so a fault before the first is in column 0.
        self.init(code, fault, line: Int(error.line), column: max(1, Int(error.column)))
    }
}
