/// What chat and text completions have in common: how tokens are drawn, and when an answer ends.
///
/// Nil stands for what the request leaves to the server.
package struct GenerationParameters: Sendable, Equatable {
    /// 0 to 2; 0 always takes the most likely token.
    package var temperature: Double?

    /// 0 to 1; 0 leaves the most likely token alone.
    package var topP: Double?

    /// How many of the most likely tokens are drawn from; 0 for all.
    package var topK: Int?

    /// 0 to 1: tokens less likely than this part of the most likely one are not drawn.
    package var minP: Double?

    /// -2 to 2.
    package var presencePenalty: Double?

    /// -2 to 2.
    package var frequencyPenalty: Double?

    package var seed: Int64?

    /// At most one entry a token, in the order of the request.
    package var logitBias: [LogitBias]

    /// Texts that end the answer and are not part of it; none is empty.
    package var stop: [String]

    /// Whether the model's end-of-text tokens are never drawn.
    package var ignoresEndOfText: Bool

    /// The number of answers to each prompt, 1 to 128.
    package var count: Int

    /// At least 1, or for text completions 0.
    package var maximumTokens: Int?

    package var serviceTier: ServiceTier?

    /// How many of the likeliest tokens are told beside each chosen one; nil tells no probabilities.
    package var logprobs: Int?

    /// Samplers that OpenAI's API knows nothing of, and the grammar.
    package var samplers = SamplerParameters()

    package var stream: StreamParameters

    /// What llama.cpp's requests ask for beyond OpenAI's.
    package var details = AnswerDetails()

    /// A text that the answer is expected to repeat; it only makes the answer come sooner.
    package var prediction: String?

    /// What an answer's text has to be, in text completions; checked.
    package var schema: JSONValue?

    /// What a request without any of them asks for, but for these two.
    package init(temperature: Double? = nil, topP: Double? = nil) {
        self.temperature = temperature
        self.topP = topP
        logitBias = []
        stop = []
        ignoresEndOfText = false
        count = 1
        stream = StreamParameters()
    }
}

/// A number added to the logit of a token.
package struct LogitBias: Sendable, Equatable {
    /// Not negative; whether the vocabulary has it is for others to check.
    package let token: Int

    /// -100 to 100.
    package let bias: Double

    package init(token: Int, bias: Double) {
        self.token = token
        self.bias = bias
    }
}

/// Whether the answer comes in chunks.
package struct StreamParameters: Sendable, Equatable {
    package var isEnabled: Bool

    /// Whether a last chunk holds the usage; never without streaming.
    package var includesUsage: Bool

    package init(isEnabled: Bool = false, includesUsage: Bool = false) {
        self.isEnabled = isEnabled
        self.includesUsage = includesUsage
    }
}
