/// A request of Ollama's API for a chat: `POST /api/chat`.
package struct OllamaChatRequest: RequestBody, Equatable {
    package let settings: OllamaSettings

    /// Without turns, the request only loads the model.
    package let conversation: Conversation
}

extension OllamaChatRequest {
    private enum Parameters {
        static let messages = Parameter("messages", ListShape(of: OllamaMessageShape(), maximumCount: 20_000))
        static let tools = Parameter("tools", ListShape(of: ToolShape(), maximumCount: 128))
    }

    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            let settings = try OllamaSettings(reading: &reader)
            var conversation = Conversation(try reader.optional(Parameters.messages) ?? [])
            conversation.linkOllamaResults()
            try conversation.checkContinuation()
            conversation.tools = try reader.optional(Parameters.tools) ?? []
            try conversation.checkTools("tools", "tools", at: reader.path)
            conversation.responseFormat = settings.format
            conversation.reasoning = settings.reasoning
            return OllamaChatRequest(settings: settings, conversation: conversation)
        }
    }
}

/// A request of Ollama's API for a text: `POST /api/generate`.
package struct OllamaGenerateRequest: RequestBody, Equatable {
    /// What the text follows on.
    package enum Prompt: Sendable, Equatable {
        /// Nothing: the request only loads the model.
        case none
        case conversation(Conversation)
        /// The text as it is, without the model's template.
        case raw(String)
        /// What comes between two texts.
        case between(String, suffix: String)
    }

    package let settings: OllamaSettings
    package let prompt: Prompt
}

extension OllamaGenerateRequest {
    private enum Parameters {
        static let prompt = Parameter("prompt", StringShape())
        static let system = Parameter("system", StringShape())
        static let raw = Parameter("raw", BooleanShape())
        static let suffix = Parameter("suffix", StringShape())
        static let images = Parameter("images", ListShape(of: OllamaImageShape(), maximumCount: 64))
    }

    private static let dormant: [DormantParameter] = [
        // Ollama's templates are in Go's language.
        .refuses("template", except: [""]),
        .refuses("context", except: [[]]),
        .refuses("width"),
        .refuses("height"),
        .refuses("steps"),
    ]

    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            let settings = try OllamaSettings(reading: &reader)
            let text = try reader.optional(Parameters.prompt) ?? ""
            let system = try reader.optional(Parameters.system) ?? ""
            let images = try reader.optional(Parameters.images) ?? []
            let isRaw = try reader.optional(Parameters.raw) ?? false
            let suffix = try reader.optional(Parameters.suffix) ?? ""
            try reader.check(Self.dormant)
            if !suffix.isEmpty {
                let faults = [("system", !system.isEmpty), ("images", !images.isEmpty), ("raw", isRaw)]
                try Self.refuse(faults, settings, "beside 'suffix'")
                return OllamaGenerateRequest(settings: settings, prompt: .between(text, suffix: suffix))
            }
            guard !isRaw else {
                let faults = [("system", !system.isEmpty), ("images", !images.isEmpty)]
                try Self.refuse(faults, settings, "on a prompt that is 'raw'")
                return OllamaGenerateRequest(settings: settings, prompt: text.isEmpty ? .none : .raw(text))
            }
            guard !text.isEmpty || !images.isEmpty else {
                return OllamaGenerateRequest(settings: settings, prompt: .none)
            }
            var conversation = Conversation(system.isEmpty ? [] : [Turn(.system, system)])
            conversation.turns.append(Turn(.user, [.text(text)] + images.map(ContentPart.image)))
            conversation.responseFormat = settings.format
            conversation.reasoning = settings.reasoning
            return OllamaGenerateRequest(settings: settings, prompt: .conversation(conversation))
        }
    }

    /// Refuses what only a template could do.
    private static func refuse(
        _ own: [(String, Bool)],
        _ settings: OllamaSettings,
        _ place: String
    ) throws(APIError) {
        let faults =
            own + [("format", settings.format != .text), ("think", settings.reasoning.isEnabled == true)]
        guard let fault = faults.first(where: \.1) else { return }
        throw .invalidValue(
            "Invalid '\(fault.0)': it has no effect \(place); leave one of them out.",
            at: .root.member(fault.0)
        )
    }
}
