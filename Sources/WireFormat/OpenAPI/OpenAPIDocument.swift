/// The description of an API as programs read it: OpenAPI 3.1.
///
/// Schemas of bodies are made by the types that decode them.
package struct OpenAPIDocument: JSONRepresentable {
    /// An operation and where it is: `path` without prefix, gaps written `{name}`.
    package struct Entry: Sendable {
        package let method: String
        package let path: String
        package let operation: Operation

        package init(method: String, path: String, operation: Operation) {
            self.method = method
            self.path = path
            self.operation = operation
        }
    }

    package let title: String
    package let version: String
    package let entries: [Entry]

    package init(title: String, version: String, entries: [Entry]) {
        self.title = title
        self.version = version
        self.entries = entries
    }

    package var json: JSONValue {
        [
            "openapi": "3.1.0",
            "info": [
                "title": .string(title),
                "version": .string(version),
                "description": "Every path is served with and without /v1.",
            ],
            "servers": [["url": "/v1"], ["url": "/"]],
            // With a key, or without where the server has none.
            "security": [["bearer": []], ["key": []], [:]],
            "tags": .array(groups.map { ["name": .string($0.rawValue)] }),
            "paths": .object(paths),
            "components": [
                "securitySchemes": [
                    "bearer": ["type": "http", "scheme": "bearer"],
                    "key": ["type": "apiKey", "in": "header", "name": "x-api-key"],
                ],
                "schemas": .object(JSONObject(Self.errors.map { ($0.name, $0.schema) })),
                "responses": .object(JSONObject(Self.errors.map { ($0.name, Self.response($0.name)) })),
            ],
        ]
    }

    private var groups: [Operation.Group] {
        Operation.Group.allCases.filter { group in entries.contains { $0.operation.group == group } }
    }

    /// The operations by path, in the order in which paths come first.
    private var paths: JSONObject {
        var names: [String] = []
        for entry in entries where !names.contains(entry.path) { names.append(entry.path) }
        return JSONObject(
            names.map { name in
                let operations = entries.filter { $0.path == name }
                return (name, .object(JSONObject(operations.map { ($0.method.lowercased(), $0.json) })))
            }
        )
    }

    /// The forms of errors.
    private static let errors: [(name: String, schema: JSONValue)] = [
        ("Error", openAIError), ("AnthropicError", anthropicError), ("OllamaError", ollamaError),
    ]

    private static func response(_ name: String) -> JSONValue {
        [
            "description": "What went wrong, where, and what to do.",
            "content": ["application/json": ["schema": ["$ref": .string("#/components/schemas/\(name)")]]],
        ]
    }

    private static let anthropicError: JSONValue = [
        "type": "object",
        "required": ["type", "error", "request_id"],
        "additionalProperties": false,
        "properties": [
            "type": ["type": "string", "enum": ["error"]],
            "error": [
                "type": "object",
                "required": ["type", "message"],
                "additionalProperties": false,
                "properties": ["type": ["type": "string"], "message": ["type": "string"]],
            ],
            "request_id": ["type": "string"],
        ],
    ]

    private static let ollamaError: JSONValue = [
        "type": "object",
        "required": ["error"],
        "additionalProperties": false,
        "properties": ["error": ["type": "string"]],
    ]

    private static let openAIError: JSONValue = [
        "type": "object",
        "required": ["error"],
        "additionalProperties": false,
        "properties": [
            "error": [
                "type": "object",
                "required": ["message", "type", "param", "code"],
                "additionalProperties": false,
                "properties": [
                    "message": ["type": "string"],
                    "type": ["type": "string"],
                    "param": ["type": ["string", "null"]],
                    "code": ["type": ["string", "null"]],
                ],
            ]
        ],
    ]
}

extension OpenAPIDocument.Entry {
    fileprivate var json: JSONValue {
        var object = JSONObject([
            ("operationId", .string(identifier)),
            ("summary", .string(operation.summary)),
            ("tags", [.string(operation.group.rawValue)]),
        ])
        let parameters = pathParameters + operation.query.map(\.json)
        if !parameters.isEmpty { object.append("parameters", .array(parameters)) }
        if let body = operation.body {
            object.append(
                "requestBody",
                ["required": true, "content": .object(JSONObject([(body.contentType, ["schema": body.schema])]))]
            )
        }
        var responses = JSONObject()
        if let content = operation.answer.content {
            responses.append("200", ["description": "The answer.", "content": content])
        }
        let error: JSONValue = ["$ref": .string("#/components/responses/\(operation.group.error)")]
        responses.append("4XX", error)
        responses.append("5XX", error)
        object.append("responses", .object(responses))
        if case .gone = operation.answer { object.append("deprecated", true) }
        return .object(object)
    }

    /// `post_chat_completions`.
    private var identifier: String {
        let words = path.split { !$0.isLetter && !$0.isNumber }
        return ([method.lowercased()] + words.map(String.init)).joined(separator: "_")
    }

    private var pathParameters: [JSONValue] {
        path.split(separator: "/").filter { $0.hasPrefix("{") && $0.hasSuffix("}") }.map { segment in
            [
                "name": .string(String(segment.dropFirst().dropLast())),
                "in": "path",
                "required": true,
                "schema": ["type": "string", "minLength": 1],
            ]
        }
    }
}

extension Operation.QueryParameter {
    fileprivate var json: JSONValue {
        [
            "name": .string(name),
            "in": "query",
            "description": .string(summary),
            "schema": value.schema,
        ]
    }
}

extension Operation.QueryParameter.Value {
    fileprivate var schema: JSONValue {
        switch self {
        case .text: ["type": "string"]
        case .boolean: ["type": "boolean"]
        case .flag: ["type": "integer", "enum": [0, 1]]
        case .integer(let range):
            ["type": "integer", "minimum": JSONValue(range.lowerBound), "maximum": JSONValue(range.upperBound)]
        case .choice(let names): ["type": "string", "enum": .array(names.map(JSONValue.string))]
        case .choices(let names):
            ["type": "array", "items": ["type": "string", "enum": .array(names.map(JSONValue.string))]]
        }
    }
}

extension Operation.Group {
    /// The component that errors of these endpoints look like.
    fileprivate var error: String {
        switch self {
        case .anthropic: "AnthropicError"
        case .ollama: "OllamaError"
        case .openAI, .webUI, .llamaServer, .service, .retired: "Error"
        }
    }
}

extension Operation.Answer {
    private static let audioTypes = ["audio/mpeg", "audio/ogg", "audio/aac", "audio/flac", "audio/wav", "audio/pcm"]

    /// The kinds of body by type; nil where there is none.
    fileprivate var content: JSONValue? {
        switch self {
        case .json: ["application/json": [:]]
        case .jsonOrEvents: ["application/json": [:], "text/event-stream": [:]]
        case .audioOrEvents:
            .object(JSONObject((Self.audioTypes + ["text/event-stream"]).map { ($0, [:]) }))
        case .jsonOrLines: ["application/json": [:], "application/x-ndjson": [:]]
        case .text(let contentType): .object(JSONObject([(contentType, [:])]))
        case .gone: nil
        }
    }
}
