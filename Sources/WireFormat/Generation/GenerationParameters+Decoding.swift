extension GenerationParameters {
    private enum Parameters {
        static let temperature = Parameter("temperature", DecimalShape(range: 0...2))
        static let topP = Parameter("top_p", DecimalShape(range: 0...1))
        static let topK = Parameter("top_k", IntegerShape(minimum: -1, maximum: Int64(Int32.max)))
        static let minP = Parameter("min_p", DecimalShape(range: 0...1))
        static let presencePenalty = Parameter("presence_penalty", DecimalShape(range: -2...2))
        static let frequencyPenalty = Parameter("frequency_penalty", DecimalShape(range: -2...2))
        static let seed = Parameter("seed", IntegerShape())
        static let logitBias = Parameter("logit_bias", LogitBiasShape())
        static let stop = Parameter("stop", StopShape())
        static let ignoresEndOfText = Parameter("ignore_eos", BooleanShape())
        static let count = Parameter("n", IntegerShape(minimum: 1, maximum: 128))
        static let serviceTier = Parameter("service_tier", ChoiceShape<ServiceTier>())
    }

    /// Reads how a token is drawn, and nothing else.
    init(readingSampling reader: inout ObjectReader) throws(APIError) {
        self.init()
        temperature = try reader.optional(Parameters.temperature)
        topP = try reader.optional(Parameters.topP)
        // -1 and 0 both mean "all".
        topK = try reader.optional(Parameters.topK).map { max(0, Int($0)) }
        minP = try reader.optional(Parameters.minP)
        presencePenalty = try reader.optional(Parameters.presencePenalty)
        frequencyPenalty = try reader.optional(Parameters.frequencyPenalty)
        // llama.cpp's word for any.
        seed = try reader.optional(Parameters.seed).flatMap { $0 == -1 ? nil : $0 }
        samplers = try SamplerParameters(reading: &reader)
        logitBias = try reader.optional(Parameters.logitBias) ?? []
        ignoresEndOfText = try reader.optional(Parameters.ignoresEndOfText) ?? false
        serviceTier = try reader.optional(Parameters.serviceTier)
    }

    /// Reads the parameters that chat and text completions share.
    init(reading reader: inout ObjectReader, minimumTokens: Int64 = 1) throws(APIError) {
        let maximumTokens = Parameter(
            "max_tokens",
            IntegerShape(minimum: minimumTokens, maximum: Int64(Int32.max))
        )
        try self.init(readingSampling: &reader)
        stop = try reader.optional(Parameters.stop) ?? []
        count = try reader.optional(Parameters.count).map { Int($0) } ?? 1
        self.maximumTokens = try reader.optional(maximumTokens).map { Int($0) }
        stream = try StreamParameters(reading: &reader)
        try readPredictionLimit(&reader)
    }

    /// Reads what llama.cpp's requests ask for beyond OpenAI's.
    mutating func readDetails(_ reader: inout ObjectReader) throws(APIError) {
        (details, logprobs) = try AnswerDetails.read(&reader)
    }

    /// Takes in how many tokens are told by OpenAI's name.
    mutating func take(logprobs count: Int?, at path: ParameterPath) throws(APIError) {
        guard let count else { return }
        guard logprobs == nil else {
            throw .invalidValue(
                "Invalid 'n_probs': it is llama.cpp's name of 'logprobs', which is there too.",
                at: path.member("n_probs")
            )
        }
        logprobs = count
    }

    /// Reads `json_schema`, for text completions.
    mutating func readSchema(_ reader: inout ObjectReader) throws(APIError) {
        guard let schema = try reader.optional(Self.jsonSchema) else { return }
        let path = reader.path.member("json_schema")
        guard samplers.grammar == nil else {
            throw .invalidValue("'json_schema' and 'grammar' exclude each other.", at: path)
        }
        self.schema = try JSONSchema.checked(schema, isStrict: false, at: path)
    }

    private static let jsonSchema = Parameter("json_schema", AnyShape())
}

extension GenerationParameters {
    private static let predictionLimit = Parameter(
        "n_predict",
        IntegerShape(minimum: -1, maximum: Int64(Int32.max))
    )

    /// llama.cpp's other name for `max_tokens`; -1 is no limit.
    private mutating func readPredictionLimit(_ reader: inout ObjectReader) throws(APIError) {
        guard let limit = try reader.optional(Self.predictionLimit) else { return }
        guard maximumTokens == nil else {
            throw .invalidValue(
                "Invalid 'n_predict': it is another name of 'max_tokens', which is there too.",
                at: reader.path.member("n_predict")
            )
        }
        maximumTokens = limit == -1 ? .max : Int(limit)
    }
}

extension StreamParameters {
    private enum Parameters {
        static let stream = Parameter("stream", BooleanShape())
        static let options = Parameter("stream_options", StreamOptionsShape())
    }

    /// Reads `stream` and `stream_options`.
    init(reading reader: inout ObjectReader) throws(APIError) {
        isEnabled = try reader.optional(Parameters.stream) ?? false
        let options = try reader.optional(Parameters.options)
        guard options == nil || isEnabled else {
            throw .invalidValue(
                "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
                at: reader.path.member("stream_options")
            )
        }
        includesUsage = options?.includesUsage ?? false
    }
}

/// `stream_options`.
private struct StreamOptionsShape: Shape {
    struct Options {
        let includesUsage: Bool
    }

    private static let includeUsage = Parameter("include_usage", BooleanShape())

    /// Chunks are not padded; on the networks this server is for, their sizes are no secret to keep.
    private static let dormant: [DormantParameter] = [.accepts("include_obfuscation", BooleanShape())]

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> Options {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            let includesUsage = try reader.optional(Self.includeUsage) ?? false
            try reader.check(Self.dormant)
            return Options(includesUsage: includesUsage)
        }
    }
}

/// `stop`: a text, or a list of texts.
struct StopShape: Shape {
    // OpenAI takes four; local clients send the names of all speakers.
    private static let list = ListShape(of: text, maximumCount: 16)
    private static let text = StringShape(minimumLength: 1, maximumLength: 1_000)

    let name = ShapeName(singular: "one of a string or array of strings", plural: "strings or arrays of strings")
    var schema: JSONValue { .anyOf(Self.text, Self.list) }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> [String] {
        switch value {
        case .string: [try Self.text.decode(value, at: path)]
        case .array: try Self.list.decode(value, at: path)
        default: throw mismatch(value, at: path)
        }
    }
}

/// `logit_bias`: token ids, as text, and what is added to their logits.
private struct LogitBiasShape: Shape {
    private static let map = MapShape(element: DecimalShape(range: -100...100), maximumCount: 1_024)

    var name: ShapeName { .object }
    var schema: JSONValue { Self.map.schema.adding(["propertyNames": ["pattern": "^(0|[1-9][0-9]{0,9})$"]]) }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> [LogitBias] {
        var biases: [LogitBias] = []
        for (key, bias) in try Self.map.decode(value, at: path) {
            // Written back for comparison, so that no token has two spellings.
            guard let token = Int32(key), token >= 0, token.description == key else {
                throw .invalidValue(
                    "Invalid key in \(path.quoted): \(key.clipped()). You should only be submitting token ids, "
                        + "which are non-negative integers.",
                    at: path
                )
            }
            biases.append(LogitBias(token: Int(token), bias: bias))
        }
        return biases
    }
}
