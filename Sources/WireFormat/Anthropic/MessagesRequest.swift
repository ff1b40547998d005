/// A request for a message in Anthropic's API: `POST /v1/messages`.
package struct MessagesRequest: RequestBody, Equatable {
    package let prompt: MessagesPrompt

    package let generation: GenerationParameters
}

/// What Anthropic's requests for messages and for counts of tokens have in common.
package struct MessagesPrompt: RequestBody, Equatable {
    package let model: String

    package let conversation: Conversation

    /// Whether what the model thinks is shown; otherwise only that it thought.
    package let showsThinking: Bool
}

extension MessagesRequest {
    private enum Tier: String, CaseIterable {
        case auto
        case standardOnly = "standard_only"
    }

    private enum Parameters {
        static let maximumTokens = Parameter("max_tokens", IntegerShape(minimum: 1, maximum: Int64(Int32.max)))
        static let temperature = Parameter("temperature", DecimalShape(range: 0...1))
        static let topP = Parameter("top_p", DecimalShape(range: 0...1))
        static let topK = Parameter("top_k", IntegerShape(minimum: 0, maximum: Int64(Int32.max)))
        static let stops = Parameter(
            "stop_sequences",
            ListShape(of: StringShape(minimumLength: 1, maximumLength: 1_000), maximumCount: 64)
        )
        static let stream = Parameter("stream", BooleanShape())
    }

    private static let dormant: [DormantParameter] = [
        .accepts("metadata", MapShape(element: AnyShape(), maximumCount: 16)),
        .accepts("service_tier", ChoiceShape<Tier>()),
        .refuses("container"),
        .refuses("diagnostics"),
        .refuses("inference_geo"),
        .refuses("context_management"),
        .refuses("mcp_servers", except: [[]]),
    ]

    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            let maximum = try reader.required(Parameters.maximumTokens)
            var generation = GenerationParameters()
            generation.maximumTokens = Int(maximum)
            generation.temperature = try reader.optional(Parameters.temperature)
            generation.topP = try reader.optional(Parameters.topP)
            generation.topK = try reader.optional(Parameters.topK).map { Int($0) }
            generation.stop = try reader.optional(Parameters.stops) ?? []
            generation.stream.isEnabled = try reader.optional(Parameters.stream) ?? false
            let prompt = try MessagesPrompt(reading: &reader, maximumTokens: maximum)
            try reader.check(Self.dormant)
            return MessagesRequest(prompt: prompt, generation: generation)
        }
    }
}

extension MessagesPrompt {
    private enum Speed: String, CaseIterable {
        case standard, fast
    }

    private enum Parameters {
        static let model = Parameter("model", StringShape(minimumLength: 1, maximumLength: 1_000))
        static let system = Parameter("system", MessageContentShape(allows: [.text]))
        static let messages = Parameter(
            "messages",
            ListShape(of: MessageShape(), minimumCount: 1, maximumCount: 20_000)
        )
        static let tools = Parameter("tools", ListShape(of: MessageToolShape(), maximumCount: 128))
        static let choice = Parameter("tool_choice", MessageToolChoiceShape())
        static let thinking = Parameter("thinking", ThinkingShape())
        static let output = Parameter("output_config", OutputShape())
    }

    private static let dormant: [DormantParameter] = [
        // Prefixes are cached without being asked for.
        .accepts("cache_control", MapShape(element: AnyShape(), maximumCount: 16)),
        .accepts("speed", ChoiceShape<Speed>()),
    ]

    /// The body of a request for a count of tokens.
    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            try MessagesPrompt(reading: &reader, maximumTokens: nil)
        }
    }

    fileprivate init(reading reader: inout ObjectReader, maximumTokens: Int64?) throws(APIError) {
        model = try reader.required(Parameters.model)
        var conversation = Conversation()
        if let blocks = try reader.optional(Parameters.system), !blocks.isEmpty {
            conversation.turns.append(Turn(.system, blocks.parts))
        }
        try conversation.append(try reader.required(Parameters.messages), at: reader.path.member("messages"))
        conversation.tools = try reader.optional(Parameters.tools) ?? []
        if let choice = try reader.optional(Parameters.choice) {
            conversation.toolChoice = choice.choice
            conversation.allowsParallelCalls = choice.disablesParallel.map { !$0 }
        }
        try conversation.checkTools("tools", "tool_choice", at: reader.path)
        let thinking = try reader.optional(Parameters.thinking)
        if let budget = thinking?.budget, let maximumTokens, budget >= maximumTokens {
            throw .invalidValue(
                "Invalid value for 'thinking.budget_tokens': it must be less than 'max_tokens'.",
                at: reader.path.member("thinking").member("budget_tokens")
            )
        }
        conversation.reasoning.isEnabled = thinking?.isEnabled
        conversation.reasoning.isRequired = thinking?.isEnabled == true
        conversation.reasoning.effortParameter = "thinking"
        showsThinking = thinking?.isShown ?? true
        if let output = try reader.optional(Parameters.output) {
            if let effort = output.effort {
                conversation.reasoning.effort = effort
                conversation.reasoning.effortParameter = "output_config.effort"
            }
            conversation.responseFormat = output.format
        }
        try reader.check(Self.dormant)
        self.conversation = conversation
    }
}

/// `thinking`: whether the model thinks before it answers.
private struct ThinkingShape: Shape {
    struct Thinking {
        /// Nil leaves it to the model.
        let isEnabled: Bool?
        let isShown: Bool
        /// A target, as in Anthropic's API; no answer is cut for it.
        let budget: Int64?
    }

    private enum Kind: String, CaseIterable {
        case enabled, disabled, adaptive
    }

    private enum Display: String, CaseIterable {
        case summarized, omitted
    }

    private enum Parameters {
        static let type = Parameter("type", ChoiceShape<Kind>())
        static let budget = Parameter("budget_tokens", IntegerShape(minimum: 1_024))
        static let display = Parameter("display", ChoiceShape<Display>())
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> Thinking {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            let kind = try reader.required(Parameters.type)
            let isShown = kind == .disabled ? true : try reader.optional(Parameters.display) != .omitted
            return Thinking(
                isEnabled: kind == .adaptive ? nil : kind == .enabled,
                isShown: isShown,
                budget: kind == .enabled ? try reader.required(Parameters.budget) : nil
            )
        }
    }
}

/// `output_config`: the form of the answer, and the effort that is put into it.
private struct OutputShape: Shape {
    private enum Effort: String, CaseIterable {
        case low, medium, high, xhigh, max
    }

    private enum Parameters {
        static let effort = Parameter("effort", ChoiceShape<Effort>())
        static let format = Parameter("format", OutputFormatShape())
    }

    var name: ShapeName { .object }

    func decode(
        _ value: JSONValue,
        at path: ParameterPath
    ) throws(APIError) -> (effort: String?, format: ResponseFormat) {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            (
                try reader.optional(Parameters.effort)?.rawValue,
                try reader.optional(Parameters.format) ?? .text
            )
        }
    }
}

/// `output_config.format`: the schema of the answer.
private struct OutputFormatShape: Shape {
    private enum Kind: String, CaseIterable {
        case jsonSchema = "json_schema"
    }

    private enum Parameters {
        static let type = Parameter("type", ChoiceShape<Kind>())
        static let schema = Parameter("schema", JSONSchemaShape())
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> ResponseFormat {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            _ = try reader.required(Parameters.type)
            let schema = try reader.required(Parameters.schema)
            let checked = try JSONSchema.checked(schema, isStrict: true, at: path.member("schema"))
            return .jsonSchema(checked, isStrict: true)
        }
    }
}
