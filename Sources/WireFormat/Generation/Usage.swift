/// The tokens of one request.
package struct Usage: Sendable, Equatable {
    package var promptTokens: Int

    /// The tokens of all answers together.
    package var completionTokens: Int

    /// How many tokens of the prompt were in the cache already.
    package var cachedTokens: Int

    /// How many tokens of the prompt were sound.
    package var soundTokens = 0

    /// How many of the answers' tokens were reasoning.
    package var reasoningTokens = 0

    /// How many tokens of the request's prediction were tried and found right, and how many wrong.
    package var acceptedPredictionTokens = 0
    package var rejectedPredictionTokens = 0

    package init(promptTokens: Int, completionTokens: Int, cachedTokens: Int = 0) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.cachedTokens = cachedTokens
    }
}

extension Usage: JSONRepresentable {
    package var json: JSONValue {
        [
            "prompt_tokens": JSONValue(promptTokens),
            "completion_tokens": JSONValue(completionTokens),
            "total_tokens": JSONValue(promptTokens + completionTokens),
            "prompt_tokens_details": [
                "cached_tokens": JSONValue(cachedTokens), "audio_tokens": JSONValue(soundTokens),
            ],
            "completion_tokens_details": [
                "reasoning_tokens": JSONValue(reasoningTokens), "audio_tokens": 0,
                "accepted_prediction_tokens": JSONValue(acceptedPredictionTokens),
                "rejected_prediction_tokens": JSONValue(rejectedPredictionTokens),
            ],
        ]
    }
}
