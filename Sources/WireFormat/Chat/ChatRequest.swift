/// A request for chat completions.
package struct ChatRequest: RequestBody, Equatable {
    /// The model asked for, or nil for the server's default.
    package let model: String?

    /// At least one.
    package let messages: [ChatMessage]

    package let generation: GenerationParameters
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
    }

    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            let model = try reader.optional(Parameters.model)
            let messages = try reader.required(Parameters.messages)
            var generation = try GenerationParameters(reading: &reader)
            // The newer name wins over `max_tokens`.
            if let limit = try reader.optional(Parameters.maximumTokens) { generation.maximumTokens = Int(limit) }
            try reader.check(DormantParameter.chat)
            return ChatRequest(model: model, messages: messages, generation: generation)
        }
    }
}
