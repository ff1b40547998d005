import Foundation
import RuntimeSupport
import Scheduling
import Tokenizer
import WireFormat

/// The distribution of the token behind a prompt: of the likeliest tokens, the likeliest first.
struct NextTokens {
    let entries: [TokenProbabilities.Entry]

    /// What the model itself finds likely: the softmax of its logits.
    ///
    /// - Throws: `APIError` where the prompt does not fit, or the queue is full.
    init(
        behind prompt: [Token],
        count: Int,
        model: ChatModel,
        owner: Owner,
        priority: Scheduling.Priority
    ) async throws {
        // A prompt is told by the logits of the token before: whatever stands at its end is told as what comes next.
        let scoring = PromptScoring(start: max(1, prompt.count), top: count)
        let items = (prompt + prompt.suffix(1)).map(PromptItem.token)
        let work = Work.generation(Generation(prompt: items, maxTokens: 0, scoring: scoring))
        self = try await Self.read(work, model: model, owner: owner, priority: priority)
    }

    /// What a token would be drawn by: the distribution behind all samplers.
    ///
    /// - Throws: `APIError` where a sampler asks for what is not there, the prompt does not fit, or the queue is full.
    init(
        behind prompt: [Token],
        count: Int,
        drawnBy parameters: GenerationParameters,
        model: ChatModel,
        owner: Owner
    ) async throws {
        let seed = parameters.seed ?? Int64.random(in: .min ... .max)
        var sampling = try Sampling(parameters, seed: seed, choice: 0, vocabulary: model.vocabulary)
        sampling.chain = SamplerChain(
            parameters.samplers,
            prompt: PromptContent(prompt),
            contextLength: model.contextLength
        )
        (sampling.logprobs, sampling.tellsDrawn) = (count, true)
        try model.prepare(sampling)
        let generation = Generation(prompt: prompt.map(PromptItem.token), sampling: sampling, maxTokens: 1)
        self = try await Self.read(
            .generation(generation),
            model: model,
            owner: owner,
            priority: Priority(parameters.serviceTier)
        )
    }

    private init(_ probabilities: TokenProbabilities) { entries = probabilities.top }

    private static func read(
        _ work: Work,
        model: ChatModel,
        owner: Owner,
        priority: Scheduling.Priority
    ) async throws -> Self {
        let stream: RequestStream
        do {
            stream = try await model.submit([work], owner: owner, priority: priority)[0]
        } catch {
            throw APIError(error, promptParameter: "prompt")
        }
        while let event = await stream.events.next() {
            switch event {
            case .scored(let tokens):
                if let token = tokens.last { return Self(token.probabilities) }
            case .token(_, .some(let probabilities)): return Self(probabilities)
            case .end(let token): return Self(token.probabilities)
            case .failed(let error): throw APIError(error, promptParameter: nil)
            case .progress, .started, .token, .embedding: break
            case .finished: throw APIError.internalServer
            }
        }
        throw CancellationError()
    }
}

extension TokenDistribution {
    /// What these tokens stand for, special ones by their names.
    init(_ tokens: NextTokens, vocabulary: Vocabulary) throws(TokenizerError) {
        self.init()
        for entry in tokens.entries {
            append(try vocabulary.piece(of: entry.token, special: true), probability: exp(Double(entry.logprob)))
        }
    }
}
