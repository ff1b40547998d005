/// One element of `messages`.
struct ChatMessageShape: Shape {
    /// All roles of the API, those included that are not supported yet.
    private enum KnownRole: String, CaseIterable {
        case system, assistant, user, function, tool, developer
    }

    private enum Parameters {
        static let role = Parameter("role", ChoiceShape<KnownRole>())
        static let name = Parameter("name", StringShape(maximumLength: 64))
        static let content = Parameter("content", ChatContentShape(isFromAssistant: false))
        static let assistantContent = Parameter("content", ChatContentShape(isFromAssistant: true))
        static let refusal = Parameter("refusal", StringShape())
    }

    /// What clients send back with an earlier answer.
    private static let dormant: [DormantParameter] = [
        .accepts("annotations", ListShape(of: AnyShape())),
        .refuses("tool_calls", except: [[]]),
        .refuses("function_call"),
        .refuses("audio"),
        .refuses("reasoning_content", except: [""]),
    ]

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> ChatMessage {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            let role = try role(of: &reader)
            let name = try reader.optional(Parameters.name)
            guard role == .assistant else {
                return ChatMessage(role: role, content: try reader.required(Parameters.content), name: name)
            }
            try reader.check(Self.dormant)
            let refusal = try reader.optional(Parameters.refusal)
            // An answer that was refused has null for content.
            if let refusal, try reader.optional(Parameters.assistantContent) == nil {
                return ChatMessage(role: role, content: refusal, name: name)
            }
            return ChatMessage(role: role, content: try reader.required(Parameters.assistantContent), name: name)
        }
    }

    private func role(of reader: inout ObjectReader) throws(APIError) -> ChatMessage.Role {
        let known = try reader.required(Parameters.role)
        guard let role = ChatMessage.Role(rawValue: known.rawValue) else {
            throw .unsupportedValue(
                "'\(known.rawValue)'",
                at: reader.path.member("role"),
                supported: ChatMessage.Role.allCases.map { "'\($0.rawValue)'" }
            )
        }
        return role
    }
}
