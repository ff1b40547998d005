import WireFormat

/// Requests around what is tried.
enum Bodies {
    private static let messages: JSONValue = [["role": "user", "content": "x"]]

    static func chat(schema: JSONValue, isStrict: Bool) -> JSONValue {
        [
            "messages": messages,
            "response_format": [
                "type": "json_schema",
                "json_schema": ["name": "x", "strict": .bool(isStrict), "schema": schema],
            ],
        ]
    }

    static func chat(grammar: String, syntax: String) -> JSONValue {
        [
            "messages": messages,
            "tools": [
                [
                    "type": "custom",
                    "custom": [
                        "name": "x",
                        "format": [
                            "type": "grammar",
                            "grammar": ["syntax": .string(syntax), "definition": .string(grammar)],
                        ],
                    ],
                ]
            ],
        ]
    }
}
