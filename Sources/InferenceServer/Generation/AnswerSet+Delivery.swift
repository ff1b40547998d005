import HTTP
import Scheduling
import WireFormat

/// One whole answer.
struct CollectedAnswer {
    let text: String
    let reason: WireFormat.FinishReason
}

extension AnswerSet {
    /// Reads all answers to their ends, side by side.
    ///
    /// - Throws: `APIError` where one could not be finished; then the others end too.
    func collect() async throws -> ([CollectedAnswer], Usage) {
        let collected = try await withThrowingTaskGroup { group in
            for (index, answer) in answers.enumerated() {
                group.addTask {
                    var answer = answer
                    return (index, try await answer.all())
                }
            }
            var collected: [(index: Int, answer: (text: String, reason: WireFormat.FinishReason, usage: TokenUsage))] =
                []
            for try await (index, answer) in group { collected.append((index, answer)) }
            return collected.sorted { $0.index < $1.index }.map(\.answer)
        }
        return (
            collected.map { CollectedAnswer(text: $0.text, reason: $0.reason) },
            total(collected.map(\.usage))
        )
    }

    /// Sends all answers as they come, each piece as an event; then the usage, where asked for, and `[DONE]`.
    ///
    /// An error after the start is an event of its own, and nothing follows it.
    func stream(
        opening: (@Sendable (Int) -> JSONValue)?,
        content: @escaping @Sendable (String, Int) -> JSONValue,
        closing: @escaping @Sendable (WireFormat.FinishReason, Int) -> JSONValue,
        usage: (@Sendable (Usage) -> JSONValue)?
    ) -> HTTPResponse {
        .events { [self] events in
            do {
                let usages = try await withThrowingTaskGroup { group in
                    for (index, answer) in answers.enumerated() {
                        group.addTask {
                            var answer = answer
                            if let opening { try await events.send(data: opening(index).text) }
                            while let part = try await answer.next() {
                                switch part {
                                case .prompt: break
                                case .text(let text, _): try await events.send(data: content(text, index).text)
                                case .end(let reason, let usage):
                                    try await events.send(data: closing(reason, index).text)
                                    return (index, usage)
                                }
                            }
                            throw APIError.internalServer
                        }
                    }
                    var usages: [(index: Int, usage: TokenUsage)] = []
                    for try await (index, usage) in group { usages.append((index, usage)) }
                    return usages.sorted { $0.index < $1.index }.map(\.usage)
                }
                if let usage { try await events.send(data: usage(total(usages)).text) }
                try await events.send(data: "[DONE]")
            } catch let error as APIError {
                try await events.send(data: error.json.text)
            }
        }
    }
}

extension Priority {
    /// How urgent work of a service tier is.
    init(_ tier: ServiceTier?) { self = tier?.served == .flex ? .batch : .interactive }
}

extension Owner {
    /// On whose behalf a request is served: its key's, or everybody's where there are no keys.
    init(_ principal: Principal) {
        switch principal {
        case .anonymous: self = .anyone
        case .key(let index): self.init(rawValue: index)
        }
    }
}
