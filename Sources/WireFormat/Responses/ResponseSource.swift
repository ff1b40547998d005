/// What a response is made from: what requests for responses, for their counts and for summaries have in common.
package struct ResponseSource: Sendable, Equatable {
    /// The model asked for, or nil for the server's default.
    package let model: String?

    /// What is new since the response before.
    package let input: [ResponseInput]

    /// What the model is told first, in this request alone.
    package let instructions: String?

    /// The response that this one goes on from.
    package let previousID: String?
}

extension ResponseSource {
    private enum Parameters {
        static let model = Parameter("model", StringShape(maximumLength: 1_000))
        static let input = Parameter("input", ResponseInputShape())
        static let instructions = Parameter("instructions", StringShape())
        static let previous = Parameter("previous_response_id", StringShape(minimumLength: 1, maximumLength: 256))
    }

    /// Conversations and prompts are objects of other endpoints, which this server does not have.
    private static let dormant: [DormantParameter] = [.refuses("conversation"), .refuses("prompt")]

    /// Reads what a response is made from.
    init(reading reader: inout ObjectReader) throws(APIError) {
        model = try reader.optional(Parameters.model)
        try reader.check(Self.dormant)
        let input = try reader.optional(Parameters.input)
        instructions = try reader.optional(Parameters.instructions)
        previousID = try reader.optional(Parameters.previous)
        self.input = input ?? []
    }

    /// Refuses a request that a response can't be made from, once all of it is read.
    func check() throws(APIError) {
        guard !input.isEmpty || previousID != nil else { throw .missing(ParameterPath.root.member("input")) }
    }
}

/// How a response is made of its source, and how it repeats that.
package struct ResponseShaping: Sendable, Equatable {
    /// All but its turns.
    package let conversation: Conversation

    /// Whether the oldest turns are left out where all of them don't fit.
    package let truncates: Bool

    /// As answers repeat it.
    let json: JSONObject
}

extension ResponseShaping {
    private enum Truncation: String, CaseIterable {
        case auto, disabled
    }

    private enum Parameters {
        static let tools = Parameter("tools", ListShape(of: ResponseToolShape(), maximumCount: 128))
        static let choice = Parameter("tool_choice", ResponseToolChoiceShape())
        static let rawChoice = Parameter("tool_choice", AnyShape())
        static let parallel = Parameter("parallel_tool_calls", BooleanShape())
        static let text = Parameter("text", ResponseTextShape())
        static let reasoning = Parameter("reasoning", ResponseReasoningShape())
        static let truncation = Parameter("truncation", ChoiceShape<Truncation>())
    }

    /// Reads tools, formats and the like.
    init(reading reader: inout ObjectReader) throws(APIError) {
        let tools = try reader.optional(Parameters.tools) ?? []
        let parallel = try reader.optional(Parameters.parallel)
        let text = try reader.optional(Parameters.text) ?? ResponseTextShape.Settings()
        let reasoning = try reader.optional(Parameters.reasoning) ?? ResponseReasoningShape.Settings()
        let truncation = try reader.optional(Parameters.truncation) ?? .disabled
        var conversation = Conversation()
        conversation.tools = tools.map(\.tool)
        conversation.toolChoice = try reader.optional(Parameters.choice) ?? ToolChoice()
        try conversation.checkTools("tools", "tool_choice", at: reader.path)
        conversation.allowsParallelCalls = parallel
        conversation.responseFormat = text.format
        conversation.verbosity = text.verbosity
        conversation.reasoning = reasoning.request
        self.conversation = conversation
        truncates = truncation == .auto
        json = JSONObject([
            ("parallel_tool_calls", .bool(parallel ?? true)),
            ("reasoning", reasoning.json),
            ("text", ["format": text.json, "verbosity": .string(text.verbosity.rawValue)]),
            ("tool_choice", try reader.optional(Parameters.rawChoice) ?? "auto"),
            ("tools", .array(tools.map(\.json))),
            ("truncation", .string(truncation.rawValue)),
        ])
    }
}
