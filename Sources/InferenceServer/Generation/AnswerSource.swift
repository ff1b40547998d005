import WireFormat

/// Something that gives an answer step by step: a chat, or a text that goes on.
protocol AnswerSource: Sendable {
    /// Hands on the steps of the first answer as they come, for dialects that give but one.
    ///
    /// - Parameter send: Sends one step on; it waits for as long as the client does not read.
    /// - Returns: What is known once it has ended.
    /// - Throws: What `send` throws; `APIError` where the answer could not be finished.
    func follow(_ send: (AnswerEvent) async throws -> Void) async throws -> AnswerReport
}

/// What is known of an answer once it has ended.
struct AnswerReport {
    let usage: Usage
    /// The text that ended it, if one did.
    let matchedStop: String?
    let timings: AnswerTimings
    /// When its first token came; nil where there was none.
    let firstToken: ContinuousClock.Instant?
    /// What else of it was asked for.
    let details: ToldDetails
}

extension AnswerSet: AnswerSource {
    func follow(_ send: (AnswerEvent) async throws -> Void) async throws -> AnswerReport {
        var answer = answers[0]
        while let part = try await answer.next() {
            switch part {
            case .prompt, .progress: break
            case .text(let text, let logprobs): try await send(.content(text, logprobs: logprobs))
            case .end(let reason, let usage):
                try await send(.end(reason))
                return withExtendedLifetime(self) {
                    AnswerReport(
                        usage: total([usage]),
                        matchedStop: answer.matchedStop,
                        timings: answer.timings,
                        firstToken: answer.moments.first,
                        details: answer.takeDetails()
                    )
                }
            }
        }
        throw APIError.internalServer
    }
}
