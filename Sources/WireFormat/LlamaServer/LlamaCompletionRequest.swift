/// A request for text completions as llama-server takes it: other names and defaults for what OpenAI's have, too.
package struct LlamaCompletionRequest: RequestBody, Equatable {
    /// The model asked for, or nil for the server's default.
    package let model: String?

    package let prompt: TextInput

    /// With llama-server's defaults in place.
    package let generation: GenerationParameters
}

extension LlamaCompletionRequest {
    fileprivate enum Parameters {
        static let model = Parameter("model", StringShape(maximumLength: 1_000))
        static let prompt = Parameter("prompt", TextInputShape.prompt)
        static let limit = Parameter("n_predict", IntegerShape(minimum: -1, maximum: Int64(Int32.max)))
    }

    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            let model = try reader.optional(Parameters.model)
            let prompt = try reader.required(Parameters.prompt)
            let generation = try GenerationParameters(readingLlama: &reader)
            try reader.check(DormantParameter.llama)
            return LlamaCompletionRequest(model: model, prompt: prompt, generation: generation)
        }
    }

    /// What a request that says nothing asks for.
    static let defaults: JSONValue = [
        "n_predict": -1, "temperature": .number(standard.temperature), "top_k": JSONValue(standard.topK),
        "top_p": .number(standard.topP), "min_p": .number(standard.minP), "presence_penalty": 0,
        "frequency_penalty": 0, "seed": -1, "stop": [], "ignore_eos": false, "stream": false, "n_probs": 0,
        "post_sampling_probs": false, "timings_per_token": false, "n_indent": 0,
    ]

    fileprivate static let standard = (temperature: 0.8, topK: 40, topP: 0.95, minP: 0.05)
}

extension GenerationParameters {
    /// Reads the parameters of completions with llama-server's additions and defaults.
    init(readingLlama reader: inout ObjectReader) throws(APIError) {
        try self.init(reading: &reader)
        let standard = LlamaCompletionRequest.standard
        temperature = temperature ?? standard.temperature
        topK = topK ?? standard.topK
        topP = topP ?? standard.topP
        minP = minP ?? standard.minP
        try readDetails(&reader)
        try readSchema(&reader)
        details.fields = try AnswerDetails.readFields(&reader)
        // Any number is a seed, but for this one.
        if seed == -1 { seed = nil }
        guard let limit = try reader.optional(LlamaCompletionRequest.Parameters.limit) else { return }
        guard limit != 0 else {
            throw .unsupportedValue(
                "0",
                at: reader.path.member("n_predict"),
                supported: ["-1", "a number of tokens from 1 on"]
            )
        }
        maximumTokens = limit < 0 ? nil : Int(limit)
    }
}
