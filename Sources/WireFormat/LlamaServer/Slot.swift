/// A sequence that requests are computed in, as llama-server tells of it.
package struct Slot: JSONRepresentable, Equatable {
    /// The caller's own request in it.
    package struct Request: Sendable, Equatable {
        package let id: UInt64
        package let promptTokens: Int
        package let computedTokens: Int
        package let cachedTokens: Int
        package let generatedTokens: Int
        /// Nil unless prompts are shown.
        package let prompt: String?

        package init(
            id: UInt64,
            promptTokens: Int,
            computedTokens: Int,
            cachedTokens: Int,
            generatedTokens: Int,
            prompt: String?
        ) {
            self.id = id
            self.promptTokens = promptTokens
            self.computedTokens = computedTokens
            self.cachedTokens = cachedTokens
            self.generatedTokens = generatedTokens
            self.prompt = prompt
        }
    }

    package let id: Int
    package let model: String
    package let contextLength: Int
    /// Whether somebody's request is computed in it.
    package let isProcessing: Bool
    /// Nil where there is none, or it is somebody else's.
    package let request: Request?

    package init(
        id: Int,
        model: String,
        contextLength: Int,
        isProcessing: Bool,
        request: Request?
    ) {
        self.id = id
        self.model = model
        self.contextLength = contextLength
        self.isProcessing = isProcessing
        self.request = request
    }

    package var json: JSONValue {
        var object = JSONObject([
            ("id", JSONValue(id)),
            ("model", .string(model)),
            ("n_ctx", JSONValue(contextLength)),
            ("is_processing", .bool(isProcessing)),
        ])
        guard let request else { return .object(object) }
        object.append("id_task", .integer(Int64(clamping: request.id)))
        object.append("n_prompt_tokens", JSONValue(request.promptTokens))
        object.append("n_prompt_tokens_processed", JSONValue(request.computedTokens - request.cachedTokens))
        object.append("n_prompt_tokens_cache", JSONValue(request.cachedTokens))
        object.append("next_token", ["n_decoded": JSONValue(request.generatedTokens)])
        if let prompt = request.prompt { object.append("prompt", .string(prompt)) }
        return .object(object)
    }
}
