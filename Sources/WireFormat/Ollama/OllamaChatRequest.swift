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
    }

    package let settings: OllamaSettings
    package let prompt: Prompt
}

extension OllamaGenerateRequest {
    private enum Parameters {
        static let prompt = Parameter("prompt", StringShape())
        static let system = Parameter("system", StringShape())
        static let raw = Parameter("raw", BooleanShape())
        static let images = Parameter("images", ListShape(of: OllamaImageShape(), maximumCount: 64))
    }

    private static let dormant: [DormantParameter] = [
        .refuses("suffix", except: [""]),
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
            try reader.check(Self.dormant)
            guard !isRaw else {
                try Self.checkRaw(settings, hasSystem: !system.isEmpty, hasImages: !images.isEmpty)
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
    private static func checkRaw(_ settings: OllamaSettings, hasSystem: Bool, hasImages: Bool) throws(APIError) {
        let faults = [
            ("system", hasSystem), ("images", hasImages), ("format", settings.format != .text),
            ("think", settings.reasoning.isEnabled == true),
        ]
        guard let fault = faults.first(where: \.1) else { return }
        throw .invalidValue(
            "Invalid '\(fault.0)': it has no effect on a prompt that is 'raw'; leave one of them out.",
            at: .root.member(fault.0)
        )
    }
}
