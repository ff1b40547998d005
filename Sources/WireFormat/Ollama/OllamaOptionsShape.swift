/// `options` of Ollama's requests: how tokens are drawn, and how a model is loaded.
struct OllamaOptionsShape: Shape {
    struct Options {
        var generation: GenerationParameters
        var contextLength: Int?
    }

    private enum Parameters {
        static let count = Parameter("num_predict", IntegerShape(minimum: -2, maximum: Int64(Int32.max)))
        static let temperature = Parameter("temperature", DecimalShape(range: 0...2))
        static let topK = Parameter("top_k", IntegerShape(minimum: 0, maximum: Int64(Int32.max)))
        static let topP = Parameter("top_p", DecimalShape(range: 0...1))
        static let minP = Parameter("min_p", DecimalShape(range: 0...1))
        static let presencePenalty = Parameter("presence_penalty", DecimalShape(range: -2...2))
        static let frequencyPenalty = Parameter("frequency_penalty", DecimalShape(range: -2...2))
        static let seed = Parameter("seed", IntegerShape())
        static let stop = Parameter("stop", StopShape())
        static let contextLength = Parameter("num_ctx", IntegerShape(minimum: 1, maximum: Int64(Int32.max)))
    }

    private static let dormant: [DormantParameter] =
        // How a model is loaded is decided when the server starts; none of it changes an answer.
        ["num_batch", "num_gpu", "main_gpu", "num_thread"].map { .accepts($0, IntegerShape()) }
        + ["numa", "low_vram", "f16_kv", "use_mmap", "use_mlock"].map { .accepts($0, BooleanShape()) }
        + [
            // What is kept when a full context is shifted: here an answer ends instead.
            .accepts("num_keep", IntegerShape()),
            .refuses("tfs_z", except: [1]),
            .refuses("penalize_newline", except: [true]),
            .refuses("logits_all", except: [false]),
            .refuses("vocab_only", except: [false]),
            .refuses("embedding_only", except: [false]),
        ]

    /// What Ollama does where nothing is asked for.
    static var standard: Options {
        var generation = GenerationParameters(temperature: 0.8, topP: 0.9)
        generation.topK = 40
        return Options(generation: generation)
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> Options {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            var options = Self.standard
            // Zero and less: as many as there is room for.
            if let count = try reader.optional(Parameters.count), count > 0 {
                options.generation.maximumTokens = Int(count)
            }
            if let value = try reader.optional(Parameters.temperature) { options.generation.temperature = value }
            if let value = try reader.optional(Parameters.topK) { options.generation.topK = Int(value) }
            if let value = try reader.optional(Parameters.topP) { options.generation.topP = value }
            options.generation.minP = try reader.optional(Parameters.minP)
            options.generation.presencePenalty = try reader.optional(Parameters.presencePenalty)
            options.generation.frequencyPenalty = try reader.optional(Parameters.frequencyPenalty)
            options.generation.seed = try reader.optional(Parameters.seed)
            options.generation.stop = try reader.optional(Parameters.stop) ?? []
            options.generation.samplers = try SamplerParameters(reading: &reader)
            guard options.generation.samplers.grammar == nil else { throw .unsupported(path.member("grammar")) }
            options.contextLength = try reader.optional(Parameters.contextLength).map { Int($0) }
            try reader.check(Self.dormant)
            return options
        }
    }
}
