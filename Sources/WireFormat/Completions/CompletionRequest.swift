/// A request for text completions.
package struct CompletionRequest: RequestBody, Equatable {
    /// The model asked for, or nil for the server's default.
    package let model: String?

    package let prompt: CompletionPrompt

    /// `maximumTokens` is never nil here: the default is 16.
    package let generation: GenerationParameters
}

/// What is to be continued.
package enum CompletionPrompt: Sendable, Equatable {
    case text(String)

    /// At least one text, at most 128.
    case texts([String])

    /// At least one token id; none is negative.
    case tokens([Int])

    /// At least one list, at most 128; each as in `tokens`.
    case tokenLists([[Int]])
}

extension CompletionRequest {
    private enum Parameters {
        static let model = Parameter("model", StringShape(maximumLength: 1_000))
        static let prompt = Parameter("prompt", CompletionPromptShape())
        static let bestOf = Parameter("best_of", IntegerShape(minimum: 0, maximum: 20))
    }

    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            let model = try reader.optional(Parameters.model)
            let prompt = try reader.required(Parameters.prompt)
            var generation = try GenerationParameters(reading: &reader)
            generation.maximumTokens = generation.maximumTokens ?? 16
            if let bestOf = try reader.optional(Parameters.bestOf) {
                try Self.check(bestOf: Int(bestOf), count: generation.count, at: reader.path.member("best_of"))
            }
            try reader.check(DormantParameter.completions)
            return CompletionRequest(model: model, prompt: prompt, generation: generation)
        }
    }

    /// Accepts the one `best_of` that chooses nothing: as many candidates as answers.
    private static func check(bestOf: Int, count: Int, at path: ParameterPath) throws(APIError) {
        guard bestOf >= count else {
            throw .invalidValue("Invalid 'best_of': it must not be less than 'n' (\(count)).", at: path)
        }
        guard bestOf == count else {
            throw .unsupportedValue("\(bestOf)", at: path, supported: ["the value of 'n' (\(count))"])
        }
    }
}
