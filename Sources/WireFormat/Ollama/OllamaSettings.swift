/// What Ollama's requests for chats and for texts have in common.
package struct OllamaSettings: Sendable, Equatable {
    /// How long the model is to stay loaded.
    package enum Stay: Sendable, Equatable {
        /// As long as there is room, whatever time was asked for.
        case whileThereIsRoom
        case unload
    }

    package let model: String
    package let generation: GenerationParameters
    package let format: ResponseFormat
    package let reasoning: ReasoningRequest
    package let stay: Stay

    /// `num_ctx`: how many tokens the context has to have.
    package let contextLength: Int?
}

extension OllamaSettings {
    private enum Parameters {
        static let stream = Parameter("stream", BooleanShape())
        static let format = Parameter("format", OllamaFormatShape())
        static let options = Parameter("options", OllamaOptionsShape())
        static let think = Parameter("think", OllamaThinkShape())
        static let keepAlive = Parameter("keep_alive", OllamaKeepAliveShape())
        static let logprobs = Parameter("logprobs", BooleanShape())
        static let topLogprobs = Parameter("top_logprobs", IntegerShape(minimum: 0, maximum: 20))
    }

    /// Reads all but what is asked.
    init(reading reader: inout ObjectReader) throws(APIError) {
        model = try reader.required(OllamaModelRequest.model)
        var options = try reader.optional(Parameters.options) ?? OllamaOptionsShape.standard
        options.generation.stream.isEnabled = try reader.optional(Parameters.stream) ?? true
        let top = try reader.optional(Parameters.topLogprobs)
        if try reader.optional(Parameters.logprobs) ?? false { options.generation.logprobs = Int(top ?? 0) }
        generation = options.generation
        contextLength = options.contextLength
        format = try reader.optional(Parameters.format) ?? .text
        reasoning = try reader.optional(Parameters.think) ?? ReasoningRequest()
        stay = try Self.readKeepAlive(&reader)
    }

    private static func readKeepAlive(_ reader: inout ObjectReader) throws(APIError) -> Stay {
        try reader.optional(Parameters.keepAlive) ?? .whileThereIsRoom
    }

    /// Reads what requests for vectors have of it; their `options` are of no effect there.
    static func readStay(_ reader: inout ObjectReader) throws(APIError) -> Stay {
        _ = try reader.optional(Parameters.options)
        return try readKeepAlive(&reader)
    }
}

/// A request of Ollama's API that is about one model.
package struct OllamaModelRequest: RequestBody, Equatable {
    package let model: String

    static let model = Parameter("model", StringShape(minimumLength: 1, maximumLength: 1_000))

    private static let dormant: [DormantParameter] = [
        .accepts("verbose", BooleanShape()), .refuses("system"), .refuses("template"), .refuses("options"),
    ]

    package init(json: JSONValue) throws(APIError) {
        model = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            try reader.check(Self.dormant)
            // `name` is what it was called once.
            if let name = try reader.optional(Parameter("name", Self.model.shape)) {
                return try reader.optional(Self.model) ?? name
            }
            return try reader.required(Self.model)
        }
    }
}

/// `format`: nothing, `json`, or a schema.
private struct OllamaFormatShape: Shape {
    let name = ShapeName(singular: "one of a string or an object", plural: "strings or objects")
    var schema: JSONValue { ["anyOf": [["type": "string", "enum": ["json", ""]], JSONSchemaShape().schema]] }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> ResponseFormat {
        switch value {
        case "": .text
        case "json": .jsonObject
        case .string(let text): throw .unknownChoice(text, at: path, supported: ["json"])
        case .object: .jsonSchema(try JSONSchema.checked(value, isStrict: false, at: path), isStrict: false)
        default: throw mismatch(value, at: path)
        }
    }
}

/// `think`: whether the model thinks, or how much.
private struct OllamaThinkShape: Shape {
    private enum Level: String, CaseIterable {
        case low, medium, high
    }

    let name = ShapeName(singular: "one of a boolean or a string", plural: "booleans or strings")
    var schema: JSONValue { .anyOf(BooleanShape(), ChoiceShape<Level>()) }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> ReasoningRequest {
        var reasoning = ReasoningRequest()
        reasoning.effortParameter = "think"
        switch value {
        case .bool(let isEnabled):
            reasoning.isEnabled = isEnabled
            reasoning.isRequired = isEnabled
        case .string:
            reasoning.effort = try ChoiceShape<Level>().decode(value, at: path).rawValue
            reasoning.isEnabled = true
        default: throw mismatch(value, at: path)
        }
        return reasoning
    }
}

/// `keep_alive`: seconds, or a duration such as `5m`; nothing below zero ever ends.
private struct OllamaKeepAliveShape: Shape {
    private static let units: Set<Character> = ["n", "u", "µ", "m", "s", "h"]

    let name = ShapeName(singular: "one of a number or a duration such as '5m'", plural: "numbers or durations")
    var schema: JSONValue { .anyOf(IntegerShape(), StringShape()) }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> OllamaSettings.Stay {
        switch value {
        case .integer(let seconds): return seconds == 0 ? .unload : .whileThereIsRoom
        case .number(let seconds): return seconds == 0 ? .unload : .whileThereIsRoom
        case .string(let text):
            let digits = text.drop { $0 == "-" || $0 == "+" }
            guard let first = digits.first, first.isASCII, first.isNumber || first == ".",
                digits.utf8.count <= 32,
                digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") || Self.units.contains($0) })
            else {
                throw .invalidValue(
                    "Invalid \(path.quoted): '\(text.clipped())' is no duration such as '5m'.",
                    at: path
                )
            }
            return digits.contains { $0.isNumber && $0 != "0" } ? .whileThereIsRoom : .unload
        default: throw mismatch(value, at: path)
        }
    }
}
