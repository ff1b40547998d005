/// Text of a bounded length, counted in Unicode scalars.
struct StringShape: Shape {
    var minimumLength = 0
    var maximumLength = Int.max

    var name: ShapeName { .string }
    var schema: JSONValue {
        .schema(
            "string",
            [
                "minLength": minimumLength > 0 ? JSONValue(minimumLength) : nil,
                "maxLength": maximumLength < .max ? JSONValue(maximumLength) : nil,
            ]
        )
    }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> String {
        guard case .string(let text) = value else { throw mismatch(value, at: path) }
        // A scalar is at least one byte, so most texts need not be counted.
        let bytes = text.utf8.count
        let length = bytes > maximumLength || minimumLength > 1 ? text.unicodeScalars.count : bytes
        if length < minimumLength {
            throw .outOfRange(
                path,
                fault: length == 0 ? "empty string" : "string too short",
                expected: "a string with minimum length \(minimumLength)",
                found: length == 0 ? "an empty string" : "a string with length \(length)",
                code: length == 0 ? "empty_string" : "string_below_min_length"
            )
        }
        if length > maximumLength {
            throw .outOfRange(
                path,
                fault: "string too long",
                expected: "a string with maximum length \(maximumLength)",
                found: "a string with length \(length)",
                code: "string_above_max_length"
            )
        }
        return text
    }
}

/// One of the names of an enumeration, or another, which the decoder refuses in words of its own.
struct NameShape<Value: RawRepresentable<String> & CaseIterable & Sendable>: Shape {
    var name: ShapeName { .string }
    var schema: JSONValue { ChoiceShape<Value>().schema }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> String {
        try StringShape().decode(value, at: path)
    }
}

/// One of the names of an enumeration.
struct ChoiceShape<Value: RawRepresentable<String> & CaseIterable & Sendable>: Shape {
    var name: ShapeName { .string }
    var schema: JSONValue { .schema("string", ["enum": .array(Value.allCases.map { .string($0.rawValue) })]) }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> Value {
        guard case .string(let text) = value else { throw mismatch(value, at: path) }
        guard let choice = Value(rawValue: text) else {
            throw .unknownChoice(text, at: path, supported: Value.allCases.map(\.rawValue))
        }
        return choice
    }
}
