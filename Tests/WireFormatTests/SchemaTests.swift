import Testing

@testable import WireFormat

@Suite("Schemas of requests")
struct SchemaTests {
    static let requests: [any RequestBody.Type] = [
        ChatRequest.self, CompletionRequest.self, LlamaCompletionRequest.self, InfillRequest.self,
        TokenizeRequest.self, EncodeRequest.self, DecodeRequest.self, LoadModelRequest.self, EmptyRequest.self,
        EmbeddingRequest.self, ModerationRequest.self, RerankRequest.self, MessagesRequest.self, MessagesPrompt.self,
        OllamaChatRequest.self, OllamaGenerateRequest.self, OllamaEmbedRequest.self, OllamaEmbedRequest.Old.self,
    ]

    /// The names of all parameters of all requests, and some of none.
    static var names: Set<String> {
        Set(requests.flatMap { properties($0.schema).map(\.key) } + ["stop_words", "Temperature", ""])
    }

    static func properties(_ schema: JSONValue) -> [JSONObject.Member] {
        guard case .object(let object) = schema, case .object(let properties) = object["properties"] else { return [] }
        return properties.members
    }

    @Test("each kind of a response's item has an alternative with its own members, whose example decodes")
    func responseItems() throws {
        let input = ResponseInputShape().schema
        guard case .object(let object) = input, case .array(let forms)? = object["anyOf"],
            case .object(let list)? = forms.last, case .object(let item)? = list["items"],
            case .array(let alternatives)? = item["anyOf"]
        else {
            Issue.record("\(input.text)")
            return
        }
        // Four roles, and the kinds that are no messages.
        #expect(alternatives.count == 11)
        for alternative in alternatives {
            let names = Set(Self.properties(alternative).map(\.key))
            #expect(names.contains("role") == alternative.text.contains("\"message\""))
            // What is wrapped is this server's own.
            guard !names.contains("encrypted_content") || names.contains("summary") else { continue }
            #expect(throws: Never.self, "\(alternative.example.text)") {
                try ResponseInputShape().decode([alternative.example], at: .root)
            }
        }
    }

    @Test("what a request refuses in words of its own is not described")
    func hidden() {
        let names = Set(Self.properties(ResponseRequest.schema).map(\.key))
        #expect(names.isDisjoint(with: ["messages", "max_tokens", "n_predict", "response_format", "verbosity"]))
        #expect(names.isSuperset(of: ["input", "max_output_tokens", "tools", "tool_choice", "background"]))
    }

    @Test("the example of a schema decodes", arguments: requests.indices)
    func exampleDecodes(index: Int) throws {
        let type = Self.requests[index]
        _ = try type.init(json: type.schema.example)
    }

    @Test("a parameter decodes where the schema has it, and nowhere else", arguments: requests.indices)
    func sameParameters(index: Int) {
        let type = Self.requests[index]
        let known = Set(Self.properties(type.schema).map(\.key))
        guard case .object(let example) = type.schema.example else {
            Issue.record("the example is no object")
            return
        }
        for name in Self.names where example[name] == nil {
            var body = example
            // A value that no parameter takes: the error tells whether the name is known.
            body.append(name, ["no parameter": ["takes": "this"]])
            var isKnown = true
            do {
                _ = try type.init(json: .object(body))
            } catch {
                isKnown = error.message.contains("Unrecognized request argument") == false
            }
            #expect(isKnown == known.contains(name), "\(name) of \(type)")
        }
    }

    @Test("every value that a schema names one by one decodes", arguments: requests.indices)
    func enumerations(index: Int) throws {
        let type = Self.requests[index]
        guard case .object(let example) = type.schema.example else { return }
        for property in Self.properties(type.schema) where example[property.key] == nil {
            for value in property.value.enumeration ?? [] {
                var body = example
                body.append(property.key, value)
                #expect(throws: Never.self, "\(property.key): \(value.text)") { try type.init(json: .object(body)) }
            }
        }
    }

    @Test("limits are told")
    func limits() {
        let properties = Self.properties(CompletionRequest.schema)
        let schema = { (name: String) in properties.first { $0.key == name }?.value }
        #expect(schema("temperature") == ["type": ["number", "null"], "minimum": 0.0, "maximum": 2.0])
        #expect(schema("n") == ["type": ["integer", "null"], "minimum": 1, "maximum": 128])
        #expect(schema("user") == ["type": ["string", "null"], "x-support": "no effect"])
        #expect(schema("lora") == ["enum": [[], .null], "x-support": "refused"])
        #expect(schema("stream_options")?.example == [:])
        guard case .object(let object) = CompletionRequest.schema else {
            Issue.record("no object")
            return
        }
        #expect(object["required"] == ["prompt"])
        #expect(object["additionalProperties"] == false)
    }

    @Test("members that depend on another one stand in alternatives")
    func alternatives() {
        enum Kind: String, CaseIterable { case circle, square, ring }
        struct Figure: Shape {
            static let kind = Parameter("kind", ChoiceShape<Kind>())
            static let radius = Parameter("radius", IntegerShape(minimum: 0))
            static let side = Parameter("side", IntegerShape(minimum: 0))
            var name: ShapeName { .object }
            func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> Int64 {
                try ObjectReader.read(value, at: path) { reader throws(APIError) in
                    switch try reader.required(Self.kind) {
                    case .circle: return try reader.required(Self.radius)
                    case .square: return try reader.required(Self.side)
                    case .ring: throw .unsupported(path.member("kind"))
                    }
                }
            }
        }
        let number: JSONValue = ["type": "integer", "minimum": 0]
        #expect(
            Figure().schema == [
                "anyOf": [
                    [
                        "type": "object",
                        "properties": ["kind": ["type": "string", "enum": ["circle"]], "radius": number],
                        "required": ["kind", "radius"], "additionalProperties": false,
                    ],
                    [
                        "type": "object",
                        "properties": ["kind": ["type": "string", "enum": ["square"]], "side": number],
                        "required": ["kind", "side"], "additionalProperties": false,
                    ],
                ]
            ]
        )
    }

    @Test("every parameter says what it takes", arguments: requests.indices)
    func described(index: Int) {
        for property in Self.properties(Self.requests[index].schema) {
            guard case .object(let object) = property.value else { continue }
            let says = object.members.isEmpty || ["type", "anyOf", "enum"].contains { object[$0] != nil }
            #expect(says, "\(property.key): its shape reads no object, so it has to say what it takes in `schema`")
        }
    }
}
