/// A request for a response.
package struct ResponseRequest: RequestBody, Equatable {
    package let source: ResponseSource
    package let shaping: ResponseShaping
    package let generation: GenerationParameters

    /// Whether it is made while nobody waits for it.
    package let isBackground: Bool

    /// Whether it can be asked for later.
    package let isStored: Bool

    /// Whether reasoning comes in a form that clients hand back, too.
    package let wrapsReasoning: Bool

    /// What a response repeats of its request.
    package let echo: JSONObject
}

extension ResponseRequest {
    /// What a response can show beside its text; most are of tools that this server does not have.
    package enum Inclusion: String, CaseIterable, Sendable {
        case logprobs = "message.output_text.logprobs"
        case reasoning = "reasoning.encrypted_content"
        case fileSearch = "file_search_call.results"
        case webSearch = "web_search_call.results"
        case webSources = "web_search_call.action.sources"
        case imageURL = "message.input_image.image_url"
        case screenshots = "computer_call_output.output.image_url"
        case code = "code_interpreter_call.outputs"
    }

    private enum CacheRetention: String, CaseIterable {
        case inMemory = "in_memory"
        case day = "24h"
    }

    private enum Parameters {
        static let background = Parameter("background", BooleanShape())
        static let store = Parameter("store", BooleanShape())
        static let include = Parameter("include", ListShape(of: ChoiceShape<Inclusion>(), maximumCount: 64))
        static let limit = Parameter("max_output_tokens", IntegerShape(minimum: 16, maximum: Int64(Int32.max)))
        // Of tools that run on the server, of which there are none.
        static let toolCalls = Parameter("max_tool_calls", IntegerShape(minimum: 1, maximum: Int64(Int32.max)))
        static let topLogprobs = Parameter("top_logprobs", IntegerShape(minimum: 0, maximum: 20))
        static let metadata = Parameter(
            "metadata",
            MapShape(element: StringShape(maximumLength: 512), maximumCount: 16, maximumKeyLength: 64)
        )
        // About the caller, the bill, or speed: repeated, and without effect on the answer.
        static let user = Parameter("user", StringShape())
        static let safety = Parameter("safety_identifier", StringShape(maximumLength: 64))
        static let cacheKey = Parameter("prompt_cache_key", StringShape())
        static let cacheRetention = Parameter("prompt_cache_retention", ChoiceShape<CacheRetention>())
    }

    private static let dormant: [DormantParameter] = [
        .accepts("prompt_cache_options", PromptCacheOptionsShape()),
        .refuses("context_management", except: [[]]),
        .refuses("moderation"),
        .refuses("access_programs"),
        .refuses("image", except: [["context_compression": "auto"], ["context_compression": "disabled"]]),
    ]

    /// Parameters of chat completions, and what they are called here.
    private static let moved = [
        ("messages", "input"), ("max_tokens", "max_output_tokens"), ("max_completion_tokens", "max_output_tokens"),
        ("n_predict", "max_output_tokens"), ("response_format", "text.format"),
        ("reasoning_effort", "reasoning.effort"),
        ("verbosity", "text.verbosity"),
    ]

    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            for (old, new) in Self.moved where reader.holds(refused: old) {
                throw .invalidRequest(
                    "Unsupported parameter: '\(old)'. In the Responses API, this parameter has moved to '\(new)'. "
                        + "Try again with the new parameter.",
                    param: old,
                    code: "unsupported_parameter"
                )
            }
            return try Self(reading: &reader)
        }
    }

    private init(reading reader: inout ObjectReader) throws(APIError) {
        source = try ResponseSource(reading: &reader)
        shaping = try ResponseShaping(reading: &reader)
        isBackground = try reader.optional(Parameters.background) ?? false
        isStored = try reader.optional(Parameters.store) ?? true
        guard isStored || !isBackground else {
            throw .invalidValue(
                "Invalid value for 'background': what is made in the background has to be stored; leave out 'store'.",
                at: reader.path.member("background")
            )
        }
        let inclusions = try reader.optional(Parameters.include) ?? []
        let limit = try reader.optional(Parameters.limit)
        let topLogprobs = try reader.optional(Parameters.topLogprobs).map { Int($0) }
        var generation = try GenerationParameters(reading: &reader)
        guard generation.count == 1 else {
            throw .invalidValue("Invalid value for 'n': a response is one answer.", at: reader.path.member("n"))
        }
        generation.maximumTokens = limit.map { Int($0) }
        let showsLogprobs = inclusions.contains(.logprobs) || topLogprobs ?? 0 > 0
        generation.logprobs = showsLogprobs ? topLogprobs ?? 0 : nil
        self.generation = generation
        wrapsReasoning = inclusions.contains(.reasoning)
        let metadata = try reader.optional(Parameters.metadata) ?? []
        let own: [(String, JSONValue)] = [
            ("background", .bool(isBackground)),
            ("conversation", .null),
            ("frequency_penalty", .number(generation.frequencyPenalty ?? 0)),
            ("instructions", JSONValue(source.instructions)),
            ("max_output_tokens", JSONValue(generation.maximumTokens)),
            ("max_tool_calls", JSONValue(try reader.optional(Parameters.toolCalls).map { Int($0) })),
            ("metadata", .object(JSONObject(metadata.map { ($0.key, .string($0.value)) }))),
            ("presence_penalty", .number(generation.presencePenalty ?? 0)),
            ("previous_response_id", JSONValue(source.previousID)),
            ("prompt", .null),
            ("prompt_cache_key", JSONValue(try reader.optional(Parameters.cacheKey))),
            ("prompt_cache_retention", JSONValue(try reader.optional(Parameters.cacheRetention)?.rawValue)),
            ("safety_identifier", JSONValue(try reader.optional(Parameters.safety))),
            ("service_tier", .string((generation.serviceTier?.served ?? .default).rawValue)),
            ("store", .bool(isStored)),
            ("temperature", .number(generation.temperature ?? 1)),
            ("top_logprobs", JSONValue(topLogprobs ?? 0)),
            ("top_p", .number(generation.topP ?? 1)),
            ("user", JSONValue(try reader.optional(Parameters.user))),
        ]
        try reader.check(Self.dormant)
        try source.check()
        echo = JSONObject(own + shaping.json.members.map { ($0.key, $0.value) })
    }
}

/// `prompt_cache_options`: this server keeps prompts as long as there is room.
struct PromptCacheOptionsShape: Shape {
    private static let dormant: [DormantParameter] = [
        .accepts("mode", StringShape()),
        .accepts("ttl", StringShape()),
        .refuses("prewarm", except: [false]),
        .refuses("comparison_response_id"),
    ]

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in try reader.check(Self.dormant) }
    }
}

/// A request for the number of tokens that a response would be made from.
package struct ResponseCountRequest: RequestBody, Equatable {
    package let source: ResponseSource
    package let shaping: ResponseShaping

    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            let source = try ResponseSource(reading: &reader)
            let shaping = try ResponseShaping(reading: &reader)
            try reader.check([.refuses("personality")])
            try source.check()
            return Self(source: source, shaping: shaping)
        }
    }

    private init(source: ResponseSource, shaping: ResponseShaping) {
        self.source = source
        self.shaping = shaping
    }
}

/// A request for a summary that stands for a conversation.
package struct ResponseCompactRequest: RequestBody, Equatable {
    package let source: ResponseSource
    package let serviceTier: ServiceTier?

    private static let tier = Parameter("service_tier", ChoiceShape<ServiceTier>())

    private static let dormant: [DormantParameter] = [
        .accepts("prompt_cache_key", StringShape(maximumLength: 64)),
        .accepts("prompt_cache_retention", StringShape()),
        .accepts("prompt_cache_options", PromptCacheOptionsShape()),
        .refuses("image", except: [["context_compression": "auto"], ["context_compression": "disabled"]]),
    ]

    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            let source = try ResponseSource(reading: &reader)
            let tier = try reader.optional(Self.tier)
            try reader.check(Self.dormant)
            try source.check()
            return Self(source: source, serviceTier: tier)
        }
    }

    private init(source: ResponseSource, serviceTier: ServiceTier?) {
        self.source = source
        self.serviceTier = serviceTier
    }
}
