// Faults of a single parameter, in OpenAI's words and with its codes; all are 400.

extension APIError {
    /// A value of the wrong type; `expected` has an article: `a string`.
    static func invalidType(_ value: JSONValue, at path: ParameterPath, expected: String) -> APIError {
        .parameter(
            path,
            "Invalid type for \(path.quoted): expected \(expected), but got \(value.typeName) instead.",
            code: "invalid_type"
        )
    }

    static func missing(_ path: ParameterPath) -> APIError {
        .parameter(path, "Missing required parameter: \(path.quoted).", code: "missing_required_parameter")
    }

    /// A value out of its range.
    ///
    /// `fault` says what is wrong (`decimal above maximum value`), `expected` and `found` complete the sentence
    /// (`a value <= 2`, `3`).
    static func outOfRange(
        _ path: ParameterPath,
        fault: String,
        expected: String,
        found: String,
        code: String
    ) -> APIError {
        let subject = path.name.map { "'\($0)'" } ?? "request body"
        return .parameter(
            path,
            "Invalid \(subject): \(fault). Expected \(expected), but got \(found) instead.",
            code: code
        )
    }

    /// A string that is none of the names that are known.
    static func unknownChoice(_ value: String, at path: ParameterPath, supported: [String]) -> APIError {
        let list = supported.map { "'\($0)'" }.enumerated()
            .map { $0 == supported.count - 1 && $0 > 0 ? "and \($1)" : $1 }
            .joined(separator: supported.count > 2 ? ", " : " ")
        return invalidValue("Invalid value: '\(value.clipped())'. Supported values are: \(list).", at: path)
    }

    /// A value that fits its type, but not its meaning.
    static func invalidValue(_ message: String, at path: ParameterPath) -> APIError {
        .parameter(path, message, code: "invalid_value")
    }

    /// A parameter that exists elsewhere, but does nothing here.
    static func unsupported(_ path: ParameterPath) -> APIError {
        .parameter(
            path,
            "Unsupported parameter: \(path.quoted) is not supported by this server yet.",
            code: "unsupported_parameter"
        )
    }

    /// A parameter of which this server supports only some values.
    static func unsupportedValue(_ value: String, at path: ParameterPath, supported: [String]) -> APIError {
        let list = supported.map { $0.clipped() }.joined(separator: ", ")
        return .parameter(
            path,
            "Unsupported value: \(path.quoted) does not support \(value.clipped()) on this server yet. "
                + "Supported: \(list).",
            code: "unsupported_value"
        )
    }

    /// A kind of something of which this server supports only some.
    static func unsupportedKind(
        _ kind: String,
        at path: ParameterPath,
        supported: [some RawRepresentable<String>]
    ) -> APIError {
        .unsupportedValue("'\(kind)'", at: path, supported: supported.map { "'\($0.rawValue)'" })
    }

    /// A parameter that nobody knows.
    static func unknownParameter(_ path: ParameterPath) -> APIError {
        let message =
            if case .member(.root, let name) = path {
                "Unrecognized request argument supplied: \(name.clipped())"
            } else {
                "Unknown parameter: \(path.quoted)."
            }
        return .parameter(path, message, code: "unknown_parameter")
    }

    private static func parameter(_ path: ParameterPath, _ message: String, code: String) -> APIError {
        .invalidRequest(message, param: path.name, code: code)
    }
}
