extension Conversation {
    /// What the model is told of the items of a response, in order.
    ///
    /// Items of the assistant that follow each other are one turn of it: reasoning, text and calls.
    ///
    /// - Parameters:
    ///   - items: The oldest first.
    ///   - instructions: What comes before them all.
    /// - Throws: 400 where a call has no result, or a result no call.
    package mutating func take(_ items: [ResponseItem], instructions: String? = nil) throws(APIError) {
        if let instructions { turns.append(Turn(.system, instructions)) }
        var unanswered: [String] = []
        var called: Set<String> = []
        for item in items {
            switch item.content {
            case .message(.assistant, let parts, _): extendAnswer { $0.content += parts }
            case .message(let role, let parts, _): turns.append(Turn(role, parts))
            case .reasoning(let text, _):
                extendAnswer { $0.reasoning = $0.reasoning.map { $0 + "\n" + text } ?? text }
            case .call(let call):
                extendAnswer { $0.calls.append(call) }
                unanswered.append(call.id)
                called.insert(call.id)
            case .result(let callID, let parts, _):
                guard called.contains(callID) else {
                    throw .invalidRequest(
                        "No tool call found for the output with call_id \(callID.clipped()).",
                        param: "input",
                        code: "invalid_value"
                    )
                }
                unanswered.removeAll { $0 == callID }
                var turn = Turn(.tool, parts)
                turn.callID = callID
                turns.append(turn)
            case .summary(let text):
                let told = "What was said before, summed up:\n" + text
                if let last = turns.indices.last, turns[last].role == .system {
                    turns[last].content.append(.text(told))
                } else {
                    turns.append(Turn(.system, told))
                }
            }
        }
        if let missing = unanswered.first {
            throw .invalidRequest(
                "No tool output found for the call \(missing.clipped()).",
                param: "input",
                code: "invalid_value"
            )
        }
        // Reasoning alone is nothing that an answer goes on from.
        if let last = turns.last, last.role == .assistant, last.content.isEmpty { turns.removeLast() }
        guard !turns.isEmpty else { throw .missing(ParameterPath.root.member("input")) }
    }

    private mutating func extendAnswer(_ change: (inout Turn) -> Void) {
        if turns.last?.role != .assistant { turns.append(Turn(.assistant, [])) }
        change(&turns[turns.count - 1])
    }
}

extension [ResponseItem] {
    /// How often items can be left out at the beginning: before each message of the user but the first.
    package var cutCount: Int { Swift.max(0, questions.count - 1) }

    /// The items without those before the user's message of this number, instructions and summaries aside.
    ///
    /// Results whose calls are left out are left out, too.
    ///
    /// - Parameter number: How many messages of the user are left out, up to `cutCount`.
    /// - Returns: What is left.
    package func leavingOut(_ number: Int) -> [ResponseItem] {
        guard number > 0 else { return self }
        let start = questions[number]
        var called: Set<String> = []
        let kept = self[start...].filter { item in
            if case .call(let call) = item.content { called.insert(call.id) }
            guard case .result(let callID, _, _) = item.content else { return true }
            return called.contains(callID)
        }
        return self[..<start].filter(\.isStanding) + kept
    }

    private var questions: [Int] {
        indices.filter { if case .message(.user, _, _) = self[$0].content { true } else { false } }
    }
}

extension ResponseItem {
    /// Whether it counts for all that comes behind it.
    fileprivate var isStanding: Bool {
        switch content {
        case .message(.system, _, _), .message(.developer, _, _), .summary: true
        default: false
        }
    }
}
