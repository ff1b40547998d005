/// One step of an answer to a conversation, in order: any number of pieces, then one `end`.
///
/// Calls follow each other: once a call has begun, the arguments that come are its own until the next one begins.
package enum AnswerEvent: Sendable, Equatable {
    case reasoning(String)

    /// Text, with the tokens that it was made of where the request asked for their probabilities.
    case content(String, logprobs: [TokenLogprob])

    /// The index counts the calls of the answer; the call's arguments are still empty.
    case callBegan(index: Int, ToolCall)

    /// A piece of the arguments of the call that began last.
    case arguments(index: Int, String)

    case end(FinishReason)
}

/// A whole answer to a conversation.
package struct CollectedMessage: Sendable, Equatable {
    package var content: String
    package var reasoning: String
    package var calls: [ToolCall]
    package var logprobs: [TokenLogprob]
    package var reason: FinishReason
    /// The content, spoken.
    package var audio: SpokenAnswer?

    package init(
        content: String = "",
        reasoning: String = "",
        calls: [ToolCall] = [],
        logprobs: [TokenLogprob] = [],
        reason: FinishReason = .stop
    ) {
        self.content = content
        self.reasoning = reasoning
        self.calls = calls
        self.logprobs = logprobs
        self.reason = reason
    }

    /// Takes the next step of the answer.
    package mutating func append(_ event: AnswerEvent) {
        switch event {
        case .reasoning(let text): reasoning += text
        case .content(let text, let logprobs):
            content += text
            self.logprobs += logprobs
        case .callBegan(_, let call): calls.append(call)
        case .arguments(let index, let text): calls[index].arguments += text
        case .end(let reason): self.reason = reason
        }
    }
}

/// The sound of an answer.
package struct SpokenAnswer: Sendable, Equatable {
    /// What later turns call it.
    package let id: String
    /// The file, in base64.
    package let data: String
    /// Until when it can be referred to, in seconds since 1970.
    package let expiresAt: Int

    package init(id: String, data: String, expiresAt: Int) {
        self.id = id
        self.data = data
        self.expiresAt = expiresAt
    }
}
