import Llama

/// OpenAI's and Anthropic's own names of models, which programs written for them ask for.
enum ModelAliases {
    private static let families = [
        "gpt-3.5", "gpt-4", "gpt-5", "chatgpt-4o", "o1", "o3", "o4-mini", "text-davinci", "davinci-002", "babbage-002",
        "codex-mini", "computer-use-preview", "claude",
        "gpt-audio",
    ]
    /// Models of these families that do something else than chat.
    private static let others = ["realtime", "transcribe", "tts", "image", "search", "diarize"]

    /// What a model of OpenAI's of this name does, of what is served here.
    static func kind(_ name: String) -> ModelFile.Kind? {
        if isChat(name) { return .chat }
        return embedding.contains(name) ? .embedding : nil
    }

    /// Those that embed.
    private static let embedding: Set = [
        "text-embedding-3-small", "text-embedding-3-large", "text-embedding-ada-002",
    ]

    /// Those of moderations, which are judged by embeddings here.
    static let moderation: Set = [
        "omni-moderation-latest", "omni-moderation-2024-09-26", "text-moderation-latest", "text-moderation-stable",
        "text-moderation-007",
    ]

    /// Whether it is a name of theirs for a model that chats, in text or aloud.
    private static func isChat(_ name: String) -> Bool {
        let parts = name.split(separator: "-").map(String.init)
        guard !others.contains(where: parts.contains) else { return false }
        return families.contains { family in
            name == family || name.hasPrefix(family + "-") || name.hasPrefix(family + ".")
                || name.hasPrefix(family + "o")
        }
    }
}
