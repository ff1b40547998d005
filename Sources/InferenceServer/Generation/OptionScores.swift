import Foundation
import Scheduling
import Tokenizer
import WireFormat

/// How likely a model finds each of some answers, exactly: by all tokens of each, its end included.
struct OptionScores {
    /// One for each option; together 1.
    let probabilities: [Double]

    /// Of the prompt, without the options.
    let promptTokens: Int

    /// How many of them were in the cache.
    let cachedTokens: Int

    /// How many options are submitted at once: one request does not fill the queue.
    private static let groupSize = 16

    /// Scores the options behind a prompt.
    ///
    /// - Parameters:
    ///   - options: At least two, none empty.
    ///   - prompt: Behind which the model answers.
    ///   - lease: On the model; held meanwhile.
    ///   - owner: On whose behalf.
    ///   - param: What the request calls the question, for errors.
    /// - Throws: `APIError` where it does not fit, or the queue is full.
    init(
        _ options: [String],
        behind prompt: PromptContent,
        lease: ModelLease<ChatModel>,
        owner: Owner,
        param: String
    ) async throws {
        let vocabulary = lease.model.vocabulary
        // Vocabularies do not always say which of the two a turn ends with: an answer that ends with either has ended.
        var ends = [vocabulary.endOfTurn, vocabulary.endOfSequence].compactMap(\.self).map { [$0] }
        if ends.count == 2, ends[0] == ends[1] { ends.removeLast() }
        if ends.isEmpty { ends = [[]] }
        var prompts: [PromptContent] = []
        do throws(TokenizerError) {
            for option in options {
                let tokens = try vocabulary.encode(option, addSpecial: false, parseSpecial: false)
                for end in ends { prompts.append(prompt + (tokens + end)) }
            }
        } catch {
            throw APIError(error, param: param)
        }
        var parameters = GenerationParameters()
        parameters.maximumTokens = 0
        // First all that the options have in common, so that each is computed behind the same state, in a slice of its own:
        // kernels differ with the shape of a batch, and what differs would be one option's gain.
        let common = try await Self.compute(
            prompt.dropLast(),
            parameters: parameters,
            lease: lease,
            owner: owner,
            param: param
        )
        var logprobs: [Double] = []
        for start in stride(from: 0, to: prompts.count, by: Self.groupSize) {
            let group = try await AnswerSet(
                prompts: Array(prompts[start..<min(start + Self.groupSize, prompts.count)]),
                parameters: parameters,
                stops: [],
                scoring: PromptScoring(start: max(1, prompt.items.count), top: 0),
                lease: lease,
                owner: owner,
                promptParameter: param
            )
            for answer in group.answers {
                logprobs.append(try await Self.read(answer).logprob)
            }
        }
        let shares = Self.shares(logprobs)
        probabilities = options.indices.map { shares[$0 * ends.count..<($0 + 1) * ends.count].reduce(0, +) }
        promptTokens = prompt.tokenCount
        cachedTokens = common
    }

    /// Computes what comes before all options.
    ///
    /// - Returns: How many of its tokens were in the cache.
    private static func compute(
        _ prompt: PromptContent,
        parameters: GenerationParameters,
        lease: ModelLease<ChatModel>,
        owner: Owner,
        param: String
    ) async throws -> Int {
        // Logits come of text tokens alone.
        guard prompt.items.last?.token != nil else { return 0 }
        let set = try await AnswerSet(
            prompts: [prompt],
            parameters: parameters,
            stops: [],
            lease: lease,
            owner: owner,
            promptParameter: param
        )
        return try await read(set.answers[0]).usage.cached
    }

    private static func read(_ answer: Answer) async throws -> (logprob: Double, usage: TokenUsage) {
        var answer = answer
        var sum = 0.0
        while let part = try await answer.next() {
            switch part {
            case .prompt(let tokens): sum += tokens.reduce(0) { $0 + $1.chosen.logprob }
            case .text, .progress: break
            case .end(_, let usage): return (sum, usage)
            }
        }
        throw APIError.internalServer
    }

    /// What part each has of the probability of all together.
    ///
    /// - Parameter logprobs: Natural logarithms of probabilities; of those that are all impossible, none is likelier.
    /// - Returns: One for each; together 1.
    static func shares(_ logprobs: [Double]) -> [Double] {
        let highest = logprobs.max() ?? 0
        let weights = highest.isFinite ? logprobs.map { exp($0 - highest) } : logprobs.map { _ in 1 }
        let sum = weights.reduce(0, +)
        return weights.map { $0 / sum }
    }
}
