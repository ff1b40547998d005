/// One element of `messages`.
struct ChatMessageShape: Shape {
    private enum Role: String, CaseIterable {
        case system, assistant, user, function, tool, developer
    }

    private enum Parameters {
        static let role = Parameter("role", ChoiceShape<Role>())
        static let name = Parameter("name", StringShape(maximumLength: 64))
        static let content = Parameter("content", ChatContentShape(allows: [.text]))
        static let userContent = Parameter("content", ChatContentShape(allows: [.text, .imageURL, .inputAudio]))
        static let assistantContent = Parameter("content", ChatContentShape(allows: [.text, .refusal]))
        /// Clients send an empty list with calls.
        static let callContent = Parameter("content", ChatContentShape(allows: [.text, .refusal], minimumCount: 0))
        static let audio = Parameter("audio", SpokenReferenceShape())
        static let refusal = Parameter("refusal", StringShape())
        static let reasoning = Parameter("reasoning_content", StringShape())
        static let calls = Parameter("tool_calls", ListShape(of: ToolCallShape(), maximumCount: 1_024))
        static let functionCall = Parameter("function_call", FunctionCallShape())
        static let callID = Parameter("tool_call_id", StringShape(maximumLength: 256))
    }

    /// What clients send back with an earlier answer.
    private static let dormant: [DormantParameter] = [
        .accepts("annotations", ListShape(of: AnyShape())),
        // LiteLLM's own.
        .accepts("provider_specific_fields", MapShape(element: AnyShape())),
    ]

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> Turn {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            let role = try reader.required(Parameters.role)
            let name = try reader.optional(Parameters.name)
            switch role {
            case .system: return Turn(.system, try reader.required(Parameters.content), name: name)
            case .developer: return Turn(.developer, try reader.required(Parameters.content), name: name)
            case .user: return Turn(.user, try reader.required(Parameters.userContent), name: name)
            case .assistant: return try assistant(&reader, name)
            case .tool:
                var turn = Turn(.tool, try reader.required(Parameters.content), name: name)
                turn.callID = try reader.required(Parameters.callID)
                return turn
            case .function:
                guard let name else { throw .missing(path.member("name")) }
                return Turn(.tool, try reader.optional(Parameters.content) ?? [.text("")], name: name)
            }
        }
    }

    private func assistant(_ reader: inout ObjectReader, _ name: String?) throws(APIError) -> Turn {
        try reader.check(Self.dormant)
        let refusal = try reader.optional(Parameters.refusal)
        var calls = try reader.optional(Parameters.calls) ?? []
        if let call = try reader.optional(Parameters.functionCall) { calls.append(call) }
        var content = try reader.optional(calls.isEmpty ? Parameters.assistantContent : Parameters.callContent)
        // An answer that was refused has null for content, as has one that calls tools.
        if content == nil, let refusal { content = [.text(refusal)] }
        // What was spoken is known by its transcript.
        if let spoken = try reader.optional(Parameters.audio), content?.isBlank ?? true { content = [.spoken(spoken)] }
        if content == nil, calls.isEmpty { content = try reader.required(Parameters.assistantContent) }
        var turn = Turn(.assistant, content ?? [], name: name)
        turn.calls = calls
        turn.reasoning = try reader.optional(Parameters.reasoning)
        return turn
    }
}

extension [ContentPart] {
    fileprivate var isBlank: Bool { allSatisfy { $0 == .text("") } }
}

/// One element of an assistant's `tool_calls`.
private struct ToolCallShape: Shape {
    private enum Kind: String, CaseIterable {
        case function, custom
    }

    private enum Parameters {
        static let id = Parameter("id", StringShape(maximumLength: 256))
        static let type = Parameter("type", ChoiceShape<Kind>())
        static let function = Parameter("function", FunctionCallShape())
        static let custom = Parameter("custom", CustomCallShape())
        /// Where the call stands in a stream; clients that gather chunks send it back.
        static let index = Parameter("index", IntegerShape())
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> ToolCall {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            _ = try reader.optional(Parameters.index)
            let id = try reader.required(Parameters.id)
            var call =
                switch try reader.optional(Parameters.type) ?? .function {
                case .function: try reader.required(Parameters.function)
                case .custom: try reader.required(Parameters.custom)
                }
            call.id = id
            return call
        }
    }
}

/// The name and the arguments of a call.
private struct FunctionCallShape: Shape {
    private enum Parameters {
        static let name = Parameter("name", ToolNameShape())
        static let arguments = Parameter("arguments", StringShape())
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> ToolCall {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            let arguments = try reader.required(Parameters.arguments)
            let isEmpty = arguments.allSatisfy(\.isWhitespace)
            return ToolCall(id: "", name: try reader.required(Parameters.name), arguments: isEmpty ? "{}" : arguments)
        }
    }
}

/// The name and the input of a custom tool's call.
private struct CustomCallShape: Shape {
    private enum Parameters {
        static let name = Parameter("name", ToolNameShape())
        static let input = Parameter("input", StringShape())
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> ToolCall {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            let input = try reader.required(Parameters.input)
            return ToolCall(id: "", name: try reader.required(Parameters.name), arguments: input, isCustom: true)
        }
    }
}
