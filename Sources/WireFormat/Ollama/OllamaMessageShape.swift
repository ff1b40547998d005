/// One element of `messages` in Ollama's API.
struct OllamaMessageShape: Shape {
    private enum Role: String, CaseIterable {
        case system, user, assistant, tool
    }

    private enum Parameters {
        static let role = Parameter("role", ChoiceShape<Role>())
        static let content = Parameter("content", StringShape())
        static let thinking = Parameter("thinking", StringShape())
        static let images = Parameter("images", ListShape(of: OllamaImageShape(), maximumCount: 64))
        static let calls = Parameter("tool_calls", ListShape(of: OllamaCallShape(), maximumCount: 1_024))
        static let toolName = Parameter("tool_name", StringShape(maximumLength: 128))
        static let callID = Parameter("tool_call_id", StringShape(maximumLength: 256))
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> Turn {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            let role = try reader.required(Parameters.role)
            let text = try reader.optional(Parameters.content) ?? ""
            let images = try reader.optional(Parameters.images) ?? []
            let calls = try reader.optional(Parameters.calls) ?? []
            let thinking = try reader.optional(Parameters.thinking)
            let toolName = try reader.optional(Parameters.toolName)
            let callID = try reader.optional(Parameters.callID)
            guard role == .user || images.isEmpty else { throw Self.misplaced("images", role.rawValue, at: path) }
            guard role == .assistant || calls.isEmpty else {
                throw Self.misplaced("tool_calls", role.rawValue, at: path)
            }
            var turn: Turn
            switch role {
            case .system: turn = Turn(.system, text)
            case .user: turn = Turn(.user, [.text(text)] + images.map(ContentPart.image))
            case .assistant:
                turn = Turn(.assistant, text)
                turn.calls = calls
                turn.reasoning = thinking
            case .tool:
                turn = Turn(.tool, text, name: toolName)
                turn.callID = callID
            }
            return turn
        }
    }

    private static func misplaced(_ name: String, _ role: String, at path: ParameterPath) -> APIError {
        .invalidValue(
            "Invalid \(path.member(name).quoted): a message of the role '\(role)' can't have any.",
            at: path.member(name)
        )
    }
}

/// An image: its bytes in base64.
struct OllamaImageShape: Shape {
    var name: ShapeName { .string }
    var schema: JSONValue { StringShape(minimumLength: 1).schema }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> ImageSource {
        let data = try StringShape(minimumLength: 1).decode(value, at: path)
        return ImageSource(dataURL: "data:;base64,\(data)", path: path.name)
    }
}

/// One element of `tool_calls`.
private struct OllamaCallShape: Shape {
    private enum Kind: String, CaseIterable {
        case function
    }

    private enum Parameters {
        static let id = Parameter("id", StringShape(maximumLength: 256))
        static let type = Parameter("type", ChoiceShape<Kind>())
        static let function = Parameter("function", OllamaFunctionShape())
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> ToolCall {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            var call = try reader.required(Parameters.function)
            call.id = try reader.optional(Parameters.id) ?? ""
            _ = try reader.optional(Parameters.type)
            return call
        }
    }
}

/// The function of a call.
private struct OllamaFunctionShape: Shape {
    private enum Parameters {
        static let index = Parameter("index", IntegerShape())
        static let name = Parameter("name", StringShape(minimumLength: 1, maximumLength: 128))
        static let arguments = Parameter("arguments", MapShape(element: AnyShape()))
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> ToolCall {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            _ = try reader.optional(Parameters.index)
            let arguments = try reader.optional(Parameters.arguments) ?? []
            return ToolCall(
                id: "",
                name: try reader.required(Parameters.name),
                arguments: JSONValue.object(JSONObject(arguments.map { ($0.key, $0.value) })).text
            )
        }
    }
}

extension Conversation {
    /// Finds the call that each result answers: by its id or its tool's name, or else the first without a result.
    mutating func linkOllamaResults() {
        var open: [ToolCall] = []
        for index in turns.indices {
            for number in turns[index].calls.indices where turns[index].calls[number].id.isEmpty {
                turns[index].calls[number].id = "call_\(index)_\(number)"
            }
            open += turns[index].calls
            guard turns[index].role == .tool else { continue }
            let (id, name) = (turns[index].callID, turns[index].name)
            let place = open.firstIndex { call in
                if let id { call.id == id } else if let name { call.name == name } else { true }
            }
            turns[index].callID = place.map { open.remove(at: $0).id } ?? id
        }
    }
}
