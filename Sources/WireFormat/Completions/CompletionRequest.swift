/// A request for text completions.
package struct CompletionRequest: RequestBody, Equatable {
    /// The model asked for, or nil for the server's default.
    package let model: String?

    package let prompt: TextInput

    /// `maximumTokens` is never nil here, the default is 16, and may be 0.
    package let generation: GenerationParameters

    /// Whether answers begin with their prompts; `logprobs` then tells of the prompts' tokens too.
    package let echoesPrompt: Bool

    /// What comes after the answer, not empty: the answer is to fill in the middle.
    package let suffix: String?

    /// How many answers are made to each prompt, of which the `generation.count` likeliest are told.
    package let candidates: Int
}

extension TextInput {
    /// Whether it is no token ids.
    var isText: Bool {
        switch self {
        case .text, .texts: true
        case .tokens, .tokenLists: false
        }
    }
}

extension CompletionRequest {
    private enum Parameters {
        static let model = Parameter("model", StringShape(maximumLength: 1_000))
        static let prompt = Parameter("prompt", TextInputShape.prompt)
        static let bestOf = Parameter("best_of", IntegerShape(minimum: 0, maximum: 20))
        static let echo = Parameter("echo", BooleanShape())
        static let suffix = Parameter("suffix", StringShape())
        // OpenAI's models tell five; twenty is what chat completions tell.
        static let logprobs = Parameter("logprobs", IntegerShape(minimum: 0, maximum: 20))
    }

    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            let model = try reader.optional(Parameters.model)
            let prompt = try reader.required(Parameters.prompt)
            var generation = try GenerationParameters(reading: &reader, minimumTokens: 0)
            generation.maximumTokens = generation.maximumTokens ?? 16
            try generation.readDetails(&reader)
            try generation.take(logprobs: try reader.optional(Parameters.logprobs).map { Int($0) }, at: reader.path)
            try generation.readSchema(&reader)
            let echoes = try reader.optional(Parameters.echo) ?? false
            let suffix = try reader.optional(Parameters.suffix).flatMap { $0.isEmpty ? nil : $0 }
            guard suffix == nil || !echoes else {
                throw .invalidValue(
                    "Invalid 'suffix': it cannot be combined with 'echo'.",
                    at: reader.path.member("suffix")
                )
            }
            if suffix != nil, !prompt.isText {
                throw .invalidValue(
                    "Invalid 'suffix': it goes with a prompt of text, not of tokens.",
                    at: reader.path.member("suffix")
                )
            }
            let bestOf = try reader.optional(Parameters.bestOf).map { Int($0) }
            if let bestOf { try Self.check(bestOf: bestOf, generation, at: reader.path.member("best_of")) }
            try reader.check(DormantParameter.completions)
            return CompletionRequest(
                model: model,
                prompt: prompt,
                generation: generation,
                echoesPrompt: echoes,
                suffix: suffix,
                candidates: bestOf ?? generation.count
            )
        }
    }

    private static func check(
        bestOf: Int,
        _ generation: GenerationParameters,
        at path: ParameterPath
    ) throws(APIError) {
        guard bestOf >= generation.count else {
            throw .invalidValue("Invalid 'best_of': it must not be less than 'n' (\(generation.count)).", at: path)
        }
        guard bestOf == generation.count || !generation.stream.isEnabled else {
            throw .invalidValue(
                "Invalid 'best_of': which answers are best is known once all are made, so they cannot be streamed.",
                at: path
            )
        }
    }
}
