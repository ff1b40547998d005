/// OpenAI's and Anthropic's own names of models that chat, which programs written for them ask for.
enum ModelAliases {
    private static let families = [
        "gpt-3.5", "gpt-4", "gpt-5", "chatgpt-4o", "o1", "o3", "o4-mini", "text-davinci", "davinci-002", "babbage-002",
        "codex-mini", "computer-use-preview", "claude",
    ]
    /// Models of these families that do something else than chat in text.
    private static let others = ["audio", "realtime", "transcribe", "tts", "image", "search", "diarize"]

    /// Whether it is a name of theirs for a model that chats in text.
    static func contains(_ name: String) -> Bool {
        let parts = name.split(separator: "-").map(String.init)
        guard !others.contains(where: parts.contains) else { return false }
        return families.contains { family in
            name == family || name.hasPrefix(family + "-") || name.hasPrefix(family + ".")
                || name.hasPrefix(family + "o")
        }
    }
}
