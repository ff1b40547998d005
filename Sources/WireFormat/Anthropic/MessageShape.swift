/// One element of `messages` in Anthropic's API.
struct MessageShape: Shape {
    /// A message with its blocks in order.
    struct Message {
        let role: Turn.Role
        let blocks: [MessageBlock]
    }

    private enum Role: String, CaseIterable {
        case user, assistant, system
    }

    private enum Parameters {
        static let role = Parameter("role", ChoiceShape<Role>())
        static let user = Parameter("content", MessageContentShape(allows: [.text, .image, .toolResult]))
        static let assistant = Parameter("content", MessageContentShape(allows: [.text, .thinking, .toolUse]))
        static let system = Parameter("content", MessageContentShape(allows: [.text]))
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> Message {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            switch try reader.required(Parameters.role) {
            case .user: Message(role: .user, blocks: try reader.required(Parameters.user))
            case .assistant: Message(role: .assistant, blocks: try reader.required(Parameters.assistant))
            case .system: Message(role: .system, blocks: try reader.required(Parameters.system))
            }
        }
    }
}

extension Conversation {
    /// Adds Anthropic's messages: results of calls become turns of their own, neighbours of one role become one turn.
    mutating func append(_ messages: [MessageShape.Message], at path: ParameterPath) throws(APIError) {
        var known: Set<String> = []
        for (index, message) in messages.enumerated() {
            for block in message.blocks {
                switch block {
                case .part(let part): extend(message.role) { $0.content.append(part) }
                case .thinking(let text): extend(.assistant) { $0.reasoning = ($0.reasoning ?? "") + text }
                case .call(let call):
                    known.insert(call.id)
                    extend(.assistant) { $0.calls.append(call) }
                case .result(let id, let content):
                    guard known.contains(id) else {
                        throw .invalidValue(
                            "Invalid \(path.element(index).member("content").quoted): the 'tool_result' is of "
                                + "'\(id.clipped())', and no 'tool_use' block of an earlier message has that id.",
                            at: path.element(index).member("content")
                        )
                    }
                    var turn = Turn(.tool, content)
                    turn.callID = id
                    turns.append(turn)
                }
            }
            if message.blocks.isEmpty { extend(message.role) { _ in } }
        }
        if let last = turns.last, last.role == .assistant, !last.calls.isEmpty {
            throw .invalidValue(
                "Invalid \(path.element(messages.count - 1).quoted): 'tool_use' blocks must be followed by a message of "
                    + "the user with their 'tool_result' blocks.",
                at: path.element(messages.count - 1)
            )
        }
    }

    /// Changes the last turn where it is of this role, or else a new one.
    private mutating func extend(_ role: Turn.Role, _ change: (inout Turn) -> Void) {
        if turns.last?.role != role { turns.append(Turn(role, [])) }
        change(&turns[turns.count - 1])
    }
}
