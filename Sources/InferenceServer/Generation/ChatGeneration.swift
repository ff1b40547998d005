import HTTP
import Scheduling
import Tokenizer
import WireFormat

/// All answers to one conversation: what every chat dialect is made of.
///
/// A dialect makes a `Conversation` of its request, this of the conversation, and renders what comes: `collect` for the
/// whole, or `stream` for events as they come.
struct ChatGeneration: Sendable {
    let answers: [ChatAnswer]
    private let set: AnswerSet

    /// Renders the conversation and submits one generation for each answer, all or none.
    ///
    /// - Parameters:
    ///   - conversation: What is asked.
    ///   - parameters: How tokens are drawn.
    ///   - lease: On the model that answers; held for as long as the answers are.
    ///   - owner: On whose behalf.
    ///   - param: What the request calls its turns, for errors.
    ///   - template: What renders the conversation in place of the model's own template.
    /// - Throws: `APIError` where the conversation does not fit, the template refuses it, or the queue is full.
    init(
        _ conversation: Conversation,
        parameters: GenerationParameters,
        lease: ModelLease<ChatModel>,
        owner: Owner,
        param: String = "messages",
        template: PromptTemplate? = nil
    ) async throws {
        let prompt = try await lease.model.prompt(conversation, param: param, template: template)
        try await self.init(prompt, parameters: parameters, lease: lease, owner: owner, param: param)
    }

    /// Submits one generation for each answer to a rendered conversation, all or none.
    ///
    /// - Parameters:
    ///   - prompt: Of the model that answers.
    ///   - parameters: How tokens are drawn.
    ///   - lease: On the model that answers; held for as long as the answers are.
    ///   - owner: On whose behalf.
    ///   - param: What the request calls its turns, for errors.
    /// - Throws: `APIError` where the conversation does not fit, or the queue is full.
    init(
        _ prompt: ChatPrompt,
        parameters: GenerationParameters,
        lease: ModelLease<ChatModel>,
        owner: Owner,
        param: String
    ) async throws {
        set = try await AnswerSet(
            prompts: [prompt.content],
            parameters: parameters,
            stops: parameters.stop + prompt.stops,
            grammar: prompt.grammar,
            preserved: prompt.preserved,
            grammarParameter: prompt.grammarParameter,
            lease: lease,
            owner: owner,
            promptParameter: param
        )
        answers = set.answers.map { ChatAnswer($0, prompt: prompt) }
    }

    /// Reads all answers to their ends, side by side.
    ///
    /// - Returns: Each answer, what is told beside it, and what all cost together.
    /// - Throws: `APIError` where one could not be finished; then the others end too.
    func collect() async throws -> ([(message: CollectedMessage, details: ToldDetails)], Usage) {
        let results = try await withThrowingTaskGroup { group in
            for (index, answer) in answers.enumerated() {
                group.addTask {
                    var answer = answer
                    let message = try await answer.collect()
                    return (index, message, answer.takeDetails(), answer.usage, answer.reasoningTokens)
                }
            }
            var results:
                [(index: Int, message: CollectedMessage, details: ToldDetails, usage: TokenUsage, reasoning: Int)] = []
            for try await result in group { results.append(result) }
            return results.sorted { $0.index < $1.index }
        }
        return (results.map { ($0.message, $0.details) }, usage(of: results.map { ($0.usage, $0.reasoning) }))
    }

    /// Hands on all steps of all answers as they come, each with the index of its answer; the answers take turns.
    ///
    /// - Parameter send: Sends one step on, and what is told beside it; it waits for as long as the client does not read.
    /// - Returns: What it all cost.
    /// - Throws: What `send` throws; `APIError` where an answer could not be finished; then the others end too.
    func stream(
        _ send: @escaping @Sendable (AnswerEvent, Int, ToldDetails) async throws -> Void
    ) async throws -> Usage {
        let results = try await withThrowingTaskGroup { group in
            for (index, answer) in answers.enumerated() {
                group.addTask {
                    var answer = answer
                    while let event = try await answer.next() {
                        try await send(event, index, answer.takeDetails())
                    }
                    return (index, answer.usage, answer.reasoningTokens)
                }
            }
            var results: [(index: Int, usage: TokenUsage, reasoning: Int)] = []
            for try await result in group { results.append(result) }
            return results.sorted { $0.index < $1.index }
        }
        return usage(of: results.map { ($0.usage, $0.reasoning) })
    }

    /// What is known of the cost before the first step: the tokens of the prompt.
    var initialUsage: Usage { usage(of: []) }

    private func usage(of results: [(TokenUsage, Int)]) -> Usage {
        var usage = set.total(results.map(\.0))
        usage.reasoningTokens = results.reduce(0) { $0 + $1.1 }
        return usage
    }
}

extension ChatGeneration: AnswerSource {
    func follow(_ send: (AnswerEvent) async throws -> Void) async throws -> AnswerReport {
        // The set holds the model's lease.
        defer { withExtendedLifetime(set) {} }
        var answer = answers[0]
        while let event = try await answer.next() { try await send(event) }
        return AnswerReport(
            usage: usage(of: [(answer.usage, answer.reasoningTokens)]),
            matchedStop: answer.matchedStop,
            timings: answer.timings,
            firstToken: answer.firstToken,
            details: answer.takeDetails()
        )
    }
}
