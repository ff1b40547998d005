import Scheduling
import Tokenizer
import WireFormat

/// All answers of one request: `n` to each prompt, in order.
struct AnswerSet: Sendable {
    private(set) var answers: [Answer]
    private let promptTokens: Int
    private let soundTokens: Int
    private let promptCount: Int
    /// Keeps the model loaded until the last answer is told.
    private let lease: ModelLease<ChatModel>

    /// Submits one generation for each answer, all or none.
    ///
    /// - Parameters:
    ///   - prompts: Each is answered.
    ///   - parameters: Of all answers alike; each has a seed of its own.
    ///   - stops: Texts that end an answer, the template's among them.
    ///   - grammar: What the answers are held to.
    ///   - preserved: Control tokens that belong to the answers' texts.
    ///   - grammarParameter: What errors call the grammar.
    ///   - scoring: Which of the prompts' tokens are told with their probabilities.
    ///   - lease: On the model that generates; held for as long as the answers are.
    ///   - owner: On whose behalf.
    ///   - promptParameter: What errors call the prompts.
    /// - Throws: `APIError` where a prompt does not fit, or the queue is full.
    init(
        prompts: [PromptContent],
        parameters: GenerationParameters,
        stops: [String],
        grammar: Grammar? = nil,
        preserved: Set<Token> = [],
        grammarParameter: String = "grammar",
        scoring: PromptScoring? = nil,
        lease: ModelLease<ChatModel>,
        owner: Owner,
        promptParameter: String
    ) async throws {
        guard prompts.count * parameters.count <= Self.maximumCount else {
            throw APIError.invalidRequest(
                "The request asks for \(prompts.count * parameters.count) answers; at most \(Self.maximumCount) are given.",
                param: "n",
                code: "integer_above_max_value"
            )
        }
        let model = lease.model
        self.lease = lease
        let seed = parameters.seed ?? Int64.random(in: .min ... .max)
        var (grammar, grammarParameter) = (grammar, grammarParameter)
        if let schema = parameters.schema {
            (grammar, grammarParameter) = (try Grammar(schema: schema), "json_schema")
        }
        let prediction = try parameters.prediction.map { text throws(APIError) in
            try model.predictedTokens(of: text)
        }
        var works: [Work] = []
        for prompt in prompts {
            for choice in 0..<parameters.count {
                var sampling = try Sampling(parameters, seed: seed, choice: choice, vocabulary: model.vocabulary)
                sampling.chain = SamplerChain(parameters.samplers, prompt: prompt, contextLength: model.contextLength)
                if let grammar { sampling.grammar = grammar }
                try model.prepare(sampling, grammarParameter: grammarParameter)
                works.append(
                    .generation(
                        Generation(
                            prompt: prompt.items,
                            media: prompt.media,
                            sampling: sampling,
                            maxTokens: parameters.maximumTokens,
                            scoring: scoring,
                            tellsProgress: parameters.stream.isEnabled && parameters.details.tellsProgress,
                            prediction: prediction ?? []
                        )
                    )
                )
            }
        }
        let streams: [RequestStream]
        do {
            streams = try await model.submit(works, owner: owner, priority: Priority(parameters.serviceTier))
        } catch {
            throw APIError(error, promptParameter: promptParameter)
        }
        answers = streams.map {
            Answer(
                $0,
                vocabulary: model.vocabulary,
                stops: stops,
                preserved: preserved,
                details: parameters.details
            )
        }
        promptCount = prompts.count
        promptTokens = prompts.reduce(0) { $0 + $1.tokenCount }
        soundTokens = prompts.reduce(0) { $0 + $1.soundTokens }
    }

    /// One request may not fill the whole queue with its answers.
    static let maximumCount = 128

    /// What one answer cost.
    func usage(_ usage: TokenUsage) -> Usage {
        var told = Usage(promptTokens: usage.prompt, completionTokens: usage.generated, cachedTokens: usage.cached)
        told.soundTokens = soundTokens / promptCount
        told.acceptedPredictionTokens = usage.predicted
        told.rejectedPredictionTokens = usage.mispredicted
        return told
    }

    /// What all answers cost together; each prompt counts once, however many answers it has.
    func total(_ usages: [TokenUsage]) -> Usage {
        let perPrompt = answers.count / promptCount
        // What the answers to one prompt share among themselves was computed for this request: not a cache's gain.
        let cached = stride(from: 0, to: usages.count, by: perPrompt).reduce(0) { sum, first in
            sum + (usages[first..<min(first + perPrompt, usages.count)].map(\.cached).min() ?? 0)
        }
        var total = Usage(
            promptTokens: promptTokens,
            completionTokens: usages.reduce(0) { $0 + $1.generated },
            cachedTokens: cached
        )
        total.soundTokens = soundTokens
        total.acceptedPredictionTokens = usages.reduce(0) { $0 + $1.predicted }
        total.rejectedPredictionTokens = usages.reduce(0) { $0 + $1.mispredicted }
        return total
    }
}

extension ChatModel {
    /// The tokens of a text that an answer is expected to repeat.
    ///
    /// - Throws: 400 where no answer could be so long.
    fileprivate func predictedTokens(of text: String) throws(APIError) -> [Token] {
        try checkFits(vocabulary.minimumTokenCount(of: text), param: "prediction")
        do {
            return try vocabulary.encode(text, addSpecial: false, parseSpecial: false)
        } catch {
            throw APIError(error, param: "prediction")
        }
    }
}

extension Grammar {
    /// What a checked schema describes.
    ///
    /// - Throws: 400 where no grammar can be made of it.
    fileprivate init(schema: JSONValue) throws(APIError) {
        do {
            self.init(rules: try SchemaGrammar.rules(of: schema.text))
        } catch {
            throw .invalidRequest(
                "Invalid 'json_schema': \(error.sentence)",
                param: "json_schema",
                code: "invalid_value"
            )
        }
    }
}
