/// A request for chat completions.
package struct ChatRequest: RequestBody, Equatable {
    /// The model asked for, or nil for the server's default.
    package let model: String?

    /// What is asked; at least one turn.
    package var conversation: Conversation

    package let generation: GenerationParameters

    /// How the answers are spoken; nil where they are not.
    package let audio: ChatAudio?

    /// Whether tools came as `functions`, so that a call is answered as `function_call`.
    package let usesFunctions: Bool

    /// What text-generation-webui's clients ask for beyond that; nil where the request has nothing of it.
    package let webUI: WebUIChat?
}

extension ChatRequest {
    private enum Parameters {
        static let model = Parameter("model", StringShape(maximumLength: 1_000))
        static let messages = Parameter(
            "messages",
            ListShape(of: ChatMessageShape(), minimumCount: 1, maximumCount: 20_000)
        )
        static let maximumTokens = Parameter(
            "max_completion_tokens",
            IntegerShape(minimum: 1, maximum: Int64(Int32.max))
        )
        static let logprobs = Parameter("logprobs", BooleanShape())
        static let topLogprobs = Parameter("top_logprobs", IntegerShape(minimum: 0, maximum: 20))
        static let responseFormat = Parameter("response_format", ResponseFormatShape())
        static let prediction = Parameter("prediction", PredictionShape())
        /// llama.cpp's, for the same.
        static let jsonSchema = Parameter("json_schema", JSONSchemaShape())
    }

    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            let model = try reader.optional(Parameters.model)
            var conversation = Conversation(try reader.required(Parameters.messages))
            try conversation.linkResults()
            try conversation.checkContinuation()
            let usesFunctions = try conversation.readTools(&reader)
            conversation.responseFormat = try Self.responseFormat(&reader)
            try conversation.readReasoning(&reader)
            var generation = try GenerationParameters(reading: &reader)
            // The newer name wins over `max_tokens`.
            if let limit = try reader.optional(Parameters.maximumTokens) { generation.maximumTokens = Int(limit) }
            try generation.readDetails(&reader)
            try generation.take(logprobs: try Self.logprobs(&reader), at: reader.path)
            generation.prediction = try reader.optional(Parameters.prediction)
            try conversation.checkGrammar(generation)
            let audio = try ChatAudio.read(&reader, isStreamed: generation.stream.isEnabled)
            let webUI = try WebUIChat(reading: &reader, conversation, generation)
            guard audio == nil || webUI?.mode ?? .instruct == .instruct else {
                throw .invalidValue("A dialogue of 'mode' is not spoken.", at: reader.path.member("modalities"))
            }
            try reader.check(DormantParameter.chat)
            return ChatRequest(
                model: model,
                conversation: conversation,
                generation: generation,
                audio: audio,
                usesFunctions: usesFunctions,
                webUI: webUI
            )
        }
    }

    private static func responseFormat(_ reader: inout ObjectReader) throws(APIError) -> ResponseFormat {
        let format = try reader.optional(Parameters.responseFormat) ?? .text
        guard let schema = try reader.optional(Parameters.jsonSchema) else { return format }
        let path = reader.path.member("json_schema")
        guard format == .text else {
            throw .invalidValue("'json_schema' and 'response_format' exclude each other.", at: path)
        }
        return .jsonSchema(try JSONSchema.checked(schema, isStrict: false, at: path), isStrict: false)
    }

    private static func logprobs(_ reader: inout ObjectReader) throws(APIError) -> Int? {
        let isWanted = try reader.optional(Parameters.logprobs) ?? false
        let count = try reader.optional(Parameters.topLogprobs).map { Int($0) }
        guard isWanted || count ?? 0 == 0 else {
            throw .invalidValue(
                "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.",
                at: reader.path.member("top_logprobs")
            )
        }
        return isWanted ? count ?? 0 : nil
    }
}
