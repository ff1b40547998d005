import HTTP
import Scheduling
import WireFormat

extension Routes {
    /// Answers `POST /v1/decisions`.
    func decide(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try request.decode(DecisionRequest.self)
        let lease = try await catalog.lease(body.model)
        var answers: [Decisions.Answer] = []
        var usage = Usage(promptTokens: 0, completionTokens: 0)
        // One after the other: each finds what they have in common in the cache.
        for question in body.questions {
            var conversation = Conversation()
            try conversation.take(body.items)
            conversation.ask(question.prompt)
            conversation.reasoning.isEnabled = false
            let scores = try await OptionScores(
                question.options,
                behind: try await lease.model.prompt(conversation, param: "input").content,
                lease: lease,
                owner: Owner(request.principal),
                param: "input"
            )
            answers.append(Decisions.Answer(question, probabilities: scores.probabilities))
            usage.promptTokens += scores.promptTokens
            usage.cachedTokens += scores.cachedTokens
        }
        return .json(Decisions(model: lease.model.id, answers: answers, usage: usage))
    }
}

extension Conversation {
    /// Adds what the user asks, to the user's last turn where that is the last.
    fileprivate mutating func ask(_ question: [ContentPart]) {
        if let last = turns.indices.last, turns[last].role == .user {
            turns[last].content += question
        } else {
            turns.append(Turn(.user, question))
        }
    }
}
