extension SamplerParameters {
    private enum Parameters {
        static let grammar = Parameter("grammar", StringShape(maximumLength: 512 * 1024))
        static let stages = Parameter("samplers", ListShape(of: StageShape(), maximumCount: 16))
        static let temperatureLast = Parameter("temperature_last", BooleanShape())
        static let typicalP = Parameter("typical_p", DecimalShape(range: 0...1))
        static let topNSigma = Parameter("top_n_sigma", DecimalShape(range: -1...100))
        static let xtcProbability = Parameter("xtc_probability", DecimalShape(range: 0...1))
        static let xtcThreshold = Parameter("xtc_threshold", DecimalShape(range: 0...1))
        static let isDynamic = Parameter("dynamic_temperature", BooleanShape())
        static let lowTemperature = Parameter("dynatemp_low", DecimalShape(range: 0...5))
        static let highTemperature = Parameter("dynatemp_high", DecimalShape(range: 0...5))
        static let temperatureRange = Parameter("dynatemp_range", DecimalShape(range: 0...5))
        static let temperatureExponent = Parameter("dynatemp_exponent", DecimalShape(range: 0.01...10))
        static let repeatLastCount = Parameter("repeat_last_n", count)
        static let repeatRange = Parameter("repetition_penalty_range", count)
        static let dryMultiplier = Parameter("dry_multiplier", DecimalShape(range: 0...100))
        static let dryBase = Parameter("dry_base", DecimalShape(range: 1...100))
        static let dryAllowedLength = Parameter("dry_allowed_length", IntegerShape(minimum: 1, maximum: 1_000))
        static let dryLastCount = Parameter("dry_penalty_last_n", count)
        static let dryBreakers = Parameter("dry_sequence_breakers", BreakersShape())
        static let mirostatTau = Parameter("mirostat_tau", DecimalShape(range: 0...100))
        static let mirostatEta = Parameter("mirostat_eta", DecimalShape(range: 0...10))
        static let minimumKept = Parameter("min_keep", IntegerShape(minimum: 0, maximum: 1_000))

        static let count = IntegerShape(minimum: -1, maximum: Int64(Int32.max))

        static func penalty(_ name: String) -> Parameter<DecimalShape> { Parameter(name, DecimalShape(range: 0.01...10)) }
        static func mirostat(_ name: String) -> Parameter<IntegerShape> {
            Parameter(name, IntegerShape(minimum: 0, maximum: 2))
        }
    }

    /// Reads them, by llama.cpp's names and text-generation-webui's.
    init(reading reader: inout ObjectReader) throws(APIError) {
        self.init()
        grammar = try reader.optional(Parameters.grammar).flatMap { $0.isEmpty ? nil : $0 }
        stages = try reader.optional(Parameters.stages)
        typicalP = try reader.optional(Parameters.typicalP)
        topNSigma = try reader.optional(Parameters.topNSigma)
        xtcProbability = try reader.optional(Parameters.xtcProbability)
        xtcThreshold = try reader.optional(Parameters.xtcThreshold)
        repeatPenalty = try Self.either(&reader, "repeat_penalty", "repetition_penalty", Parameters.penalty)
        repeatLastCount = try Self.either(&reader, "repeat_last_n", "repetition_penalty_range") {
            Parameter($0, Parameters.count)
        }.map { Int($0) }
        dryMultiplier = try reader.optional(Parameters.dryMultiplier)
        dryBase = try reader.optional(Parameters.dryBase)
        dryAllowedLength = try reader.optional(Parameters.dryAllowedLength).map { Int($0) }
        dryLastCount = try reader.optional(Parameters.dryLastCount).map { Int($0) }
        dryBreakers = try reader.optional(Parameters.dryBreakers)
        mirostat = try Self.either(&reader, "mirostat", "mirostat_mode", Parameters.mirostat).map { Int($0) }
        mirostatTau = try reader.optional(Parameters.mirostatTau)
        mirostatEta = try reader.optional(Parameters.mirostatEta)
        minimumKept = try reader.optional(Parameters.minimumKept).map { Int($0) }
        try readDynamicTemperature(&reader)
        try readOrder(&reader)
    }

    /// A parameter that goes by two names.
    private static func either<Content: Shape>(
        _ reader: inout ObjectReader,
        _ name: String,
        _ other: String,
        _ parameter: (String) -> Parameter<Content>
    ) throws(APIError) -> Content.Value? {
        let first = try reader.optional(parameter(name))
        let second = try reader.optional(parameter(other))
        guard first == nil || second == nil else {
            throw .invalidValue(
                "Invalid '\(other)': it is another name of '\(name)', which is there too.",
                at: reader.path.member(other)
            )
        }
        return first ?? second
    }

    /// llama.cpp gives a distance from the temperature, text-generation-webui two ends.
    private mutating func readDynamicTemperature(_ reader: inout ObjectReader) throws(APIError) {
        dynamicTemperatureRange = try reader.optional(Parameters.temperatureRange)
        dynamicTemperatureExponent = try reader.optional(Parameters.temperatureExponent)
        let isDynamic = try reader.optional(Parameters.isDynamic)
        let low = try reader.optional(Parameters.lowTemperature)
        let high = try reader.optional(Parameters.highTemperature)
        guard isDynamic == true else { return }
        let (least, most) = (low ?? 1, high ?? 1)
        guard least <= most else {
            throw .invalidValue(
                "Invalid 'dynatemp_high': it must not be less than 'dynatemp_low' (\(least)).",
                at: reader.path.member("dynatemp_high")
            )
        }
        dynamicTemperature = (least + most) / 2
        dynamicTemperatureRange = (most - least) / 2
    }

    /// In llama.cpp the temperature comes last, in text-generation-webui first, unless it is asked to come last.
    private mutating func readOrder(_ reader: inout ObjectReader) throws(APIError) {
        guard let isLast = try reader.optional(Parameters.temperatureLast) else { return }
        guard stages == nil else {
            throw .invalidValue(
                "Invalid 'temperature_last': 'samplers' says where the temperature comes.",
                at: reader.path.member("temperature_last")
            )
        }
        guard !isLast else { return }
        let truncations = Stage.allCases.filter { $0 != .temperature && $0 != .penalties && $0 != .dry }
        stages = [.penalties, .dry, .temperature] + truncations
    }
}

/// One stage of `samplers`.
private struct StageShape: Shape {
    var name: ShapeName { .string }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> SamplerParameters.Stage {
        // The name of the parameter is one too.
        if value == "typical_p" { return .typicalP }
        return try ChoiceShape<SamplerParameters.Stage>().decode(value, at: path)
    }
}

/// `dry_sequence_breakers`: a list of texts, or as text-generation-webui sends it, texts in quotes with commas between.
private struct BreakersShape: Shape {
    private static let list = ListShape(of: StringShape(minimumLength: 1, maximumLength: 40), maximumCount: 32)

    let name = ShapeName(singular: "one of an array of strings or string", plural: "arrays of strings or strings")

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> [String] {
        guard case .string(let text) = value else { return try Self.list.decode(value, at: path) }
        let written = text.hasPrefix("[") ? text : "[\(text)]"
        guard let parsed = try? JSONValue.parse(written) else {
            throw .invalidValue("Invalid \(path.quoted): it is no list of texts in quotes.", at: path)
        }
        return try Self.list.decode(parsed, at: path)
    }
}
