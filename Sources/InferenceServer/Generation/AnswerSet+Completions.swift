import HTTP
import Scheduling
import WireFormat

/// One whole answer to a text.
struct CollectedCompletion {
    var text = ""
    var logprobs: CompletionLogprobs?
    var details = ToldDetails()
    var reason = WireFormat.FinishReason.stop
    var usage = TokenUsage(prompt: 0)
    /// Of the answer's tokens, the end that is none of its text not counted.
    var logprobSum = 0.0
    var tokenCount = 0

    /// By which answers are compared: the mean of their tokens' logarithms of probabilities.
    var likelihood: Double { tokenCount == 0 ? 0 : logprobSum / Double(tokenCount) }
}

extension AnswerSet {
    /// Reads all answers to their ends, side by side.
    ///
    /// - Parameter begin: Gives what an answer is told as, by its number.
    /// - Returns: The answers in order, and what they cost together.
    /// - Throws: `APIError` where one could not be finished; then the others end too.
    func collect(
        _ begin: @escaping @Sendable (Int) -> CompletionAnswer
    ) async throws -> (answers: [CollectedCompletion], usage: Usage) {
        let collected = try await withThrowingTaskGroup { group in
            for (index, answer) in answers.enumerated() {
                group.addTask { (index, try await Self.collect(answer, begin(index))) }
            }
            var collected: [(index: Int, answer: CollectedCompletion)] = []
            for try await (index, answer) in group { collected.append((index, answer)) }
            return collected.sorted { $0.index < $1.index }.map(\.answer)
        }
        return (collected, total(collected.map(\.usage)))
    }

    private static func collect(_ answer: Answer, _ completion: CompletionAnswer) async throws -> CollectedCompletion {
        var (answer, completion) = (answer, completion)
        var collected = CollectedCompletion()
        while let part = try await answer.next() {
            if let piece = try completion.piece(of: part) {
                collected.text += piece.text
                if let logprobs = piece.logprobs { collected.logprobs.append(logprobs) }
            }
            switch part {
            case .prompt, .progress: break
            case .text(_, let tokens):
                collected.logprobSum += tokens.reduce(0) { $0 + $1.chosen.logprob }
                collected.tokenCount += tokens.count
            case .end(let reason, let usage):
                collected.reason = reason
                collected.usage = usage
                collected.details = answer.takeDetails()
                return collected
            }
        }
        throw APIError.internalServer
    }

    /// Sends all answers as they come, each piece as an event; then the usage, where asked for, and `[DONE]`.
    ///
    /// An error after the start is an event of its own, and nothing follows it.
    func stream(
        _ chunks: CompletionStream,
        _ begin: @escaping @Sendable (Int) -> CompletionAnswer
    ) -> HTTPResponse {
        .events { [self] events in
            do {
                let usages = try await withThrowingTaskGroup { group in
                    for (index, answer) in answers.enumerated() {
                        group.addTask {
                            var (answer, completion) = (answer, begin(index))
                            while let part = try await answer.next() {
                                if let piece = try completion.piece(of: part) {
                                    var details = answer.takeDetails()
                                    if case .progress(let progress) = part { details.progress = progress }
                                    let chunk = chunks.content(piece.text, index, logprobs: piece.logprobs, details)
                                    try await events.send(data: chunk.text)
                                }
                                guard case .end(let reason, let usage) = part else { continue }
                                try await events.send(data: chunks.closing(reason, index, answer.takeDetails()).text)
                                return (index, usage)
                            }
                            throw APIError.internalServer
                        }
                    }
                    var usages: [(index: Int, usage: TokenUsage)] = []
                    for try await (index, usage) in group { usages.append((index, usage)) }
                    return usages.sorted { $0.index < $1.index }.map(\.usage)
                }
                if chunks.includesUsage { try await events.send(data: chunks.usage(total(usages)).text) }
                try await events.send(data: "[DONE]")
            } catch let error as APIError {
                try await events.send(data: error.json.text)
            }
        }
    }
}

extension CompletionLogprobs? {
    fileprivate mutating func append(_ more: CompletionLogprobs) {
        if self == nil { self = more } else { self?.append(contentsOf: more) }
    }
}
