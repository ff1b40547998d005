/// One unit of work for a model: what the scheduler admits, and what ends exactly once.
package struct Request: Sendable {
    package let id: RequestID
    package let owner: Owner
    package let priority: Priority
    package let work: Work

    package init(id: RequestID, owner: Owner = .anyone, priority: Priority = .interactive, work: Work) {
        self.id = id
        self.owner = owner
        self.priority = priority
        self.work = work
    }
}

/// How urgent a request is.
///
/// Each class has a queue of its own.
package enum Priority: Sendable, CaseIterable {
    /// Somebody is waiting for it.
    case interactive
    /// Work that takes what the others leave, and never less than its share (OpenAI's `service_tier: "flex"`).
    case batch
}

/// What a request asks for.
package enum Work: Sendable {
    case generation(Generation)
    /// The pooled vectors of whole texts, told together.
    case embedding([[TokenID]])
}

/// A prompt to continue.
package struct Generation: Sendable {
    package let prompt: [PromptItem]
    /// What the media items of the prompt are encoded from.
    package let media: [MediaHash: any MediaContent]
    /// Where they stand, and how many tokens each has beyond one.
    private let extraTokens: [(place: Int, count: Int)]
    package let sampling: Sampling
    /// The most tokens to generate; nil means the rest of the context.
    ///
    /// 0 only computes the prompt, for its scores.
    package let maxTokens: Int?
    /// Nil, or of which of the prompt's tokens the probabilities are told.
    package let scoring: PromptScoring?
    /// Whether it is told after each step how much of the prompt is computed.
    package let tellsProgress: Bool
    /// A text that the answer is expected to repeat; it changes how fast the answer comes, and nothing else.
    package let prediction: [TokenID]

    package init(
        prompt: [PromptItem],
        media: [MediaHash: any MediaContent] = [:],
        sampling: Sampling = Sampling(),
        maxTokens: Int? = nil,
        scoring: PromptScoring? = nil,
        tellsProgress: Bool = false,
        prediction: [TokenID] = []
    ) {
        self.tellsProgress = tellsProgress
        self.prediction = prediction
        self.prompt = prompt
        self.media = media
        extraTokens = prompt.indices.compactMap { place in
            if case .media(let item) = prompt[place] { (place, item.tokenCount - 1) } else { nil }
        }
        self.sampling = sampling
        self.maxTokens = maxTokens
        self.scoring = scoring
    }

    /// Whether there are media in the prompt.
    var hasMedia: Bool { !extraTokens.isEmpty }

    /// Whether there are media at this place of the prompt, or behind it.
    func hasMedia(from place: Int) -> Bool { extraTokens.contains { $0.place >= place } }

    /// How many tokens so many items of the prompt, and of the answer behind it, have.
    func tokens(in count: Int) -> Int { extraTokens.reduce(count) { $1.place < count ? $0 + $1.count : $0 } }

    /// The first place whose logits tell of the prompt, where it is scored: nothing from there on may come from a cache.
    var firstScored: Int? { scoring.map { max(0, $0.start - 1) } }
}

/// Which tokens of a prompt are told with the probabilities that the model gave them.
package struct PromptScoring: Hashable, Sendable {
    /// The place of the first, at least 1: nothing comes before the prompt's first token that could tell of it.
    package let start: Int
    /// How many of the likeliest tokens are told beside each.
    package let top: Int

    package init(start: Int = 1, top: Int) {
        precondition(start > 0 && top >= 0)
        self.start = start
        self.top = top
    }
}

/// How the next token is chosen from the model's distribution.
///
/// The names and meanings are llama.cpp's; the defaults are OpenAI's: the model's own distribution.
package struct Sampling: Hashable, Sendable {
    /// 0 chooses the likeliest token always.
    package var temperature: Float = 1
    /// 0 keeps all tokens.
    package var topK: Int32 = 0
    package var topP: Float = 1
    package var minP: Float = 0
    package var presencePenalty: Float = 0
    package var frequencyPenalty: Float = 0
    package var logitBias: [LogitBias] = []
    /// The tokens that end a generation are never chosen.
    package var ignoresEnd = false
    package var seed: UInt32 = 0
    /// What the answer is held to.
    package var grammar: Grammar?
    /// What few ask for.
    package var chain: SamplerChain?
    /// How many of the likeliest tokens are told beside each chosen one, with their probabilities; nil tells none at all.
    package var logprobs: Int?
    /// Whether these probabilities are those of the distribution that the token was drawn from, behind all samplers, in place
    /// of the model's own.
    package var tellsDrawn = false

    package init() {}

    /// What is added to the logit of one token.
    package struct LogitBias: Hashable, Sendable {
        package let token: TokenID
        package let bias: Float

        package init(token: TokenID, bias: Float) {
            self.token = token
            self.bias = bias
        }
    }
}

/// Why a generation ended by itself.
package enum FinishReason: Sendable {
    /// The model chose a token that ends a generation.
    case stop
    /// The token limit, or the context, was reached.
    case length
}

/// What a request cost, in tokens.
package struct TokenUsage: Hashable, Sendable {
    package var prompt: Int
    /// How many of the prompt's tokens were in the KV cache already.
    package var cached: Int
    /// The token that ends a generation counts too.
    package var generated: Int
    /// How many tokens were guessed ahead, and how many of them were right.
    package var drafted = 0
    package var accepted = 0
    /// How many of those came from the request's own prediction, the right and the wrong ones.
    package var predicted = 0
    package var mispredicted = 0

    package init(prompt: Int, cached: Int = 0, generated: Int = 0) {
        self.prompt = prompt
        self.cached = cached
        self.generated = generated
    }
}
