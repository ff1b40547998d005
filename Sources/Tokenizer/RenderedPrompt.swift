/// A conversation as a model is to read it, and how to read what it answers.
package struct RenderedPrompt: Hashable, Sendable, Codable {
    /// The text, to be encoded with both `addSpecial` and `parseSpecial`: a BOS that the template wrote has been taken
    /// out where `addSpecial` adds one, so there is never a second.
    package let prompt: String

    /// The end of the prompt that opens the assistant's turn.
    package let generationPrompt: String

    /// Texts that end the answer, beside the tokens that do.
    package let additionalStops: [String]

    /// Names of special tokens that belong to the answer's text.
    package let preservedTokens: [String]

    /// What to constrain sampling with, in GBNF, or empty.
    package let grammar: String

    /// Whether the grammar waits for one of its triggers.
    package let grammarIsLazy: Bool

    package let grammarTriggers: [GrammarTrigger]

    package let supportsThinking: Bool

    /// The texts around the model's reasoning, or empty.
    package let thinkingStartTag: String
    package let thinkingEndTags: [String]

    /// The name of the answer's format, and the description of its parser, as llama.cpp's chat parser takes them.
    package let format: String
    package let parser: String

    enum CodingKeys: String, CodingKey {
        case prompt, grammar, format, parser
        case generationPrompt = "generation_prompt"
        case additionalStops = "additional_stops"
        case preservedTokens = "preserved_tokens"
        case grammarIsLazy = "grammar_lazy"
        case grammarTriggers = "grammar_triggers"
        case supportsThinking = "supports_thinking"
        case thinkingStartTag = "thinking_start_tag"
        case thinkingEndTags = "thinking_end_tags"
    }
}

/// What wakes a lazy grammar.
package struct GrammarTrigger: Hashable, Sendable, Codable {
    /// llama.cpp's numbers.
    package enum Kind: Int, Hashable, Sendable, Codable {
        case token, word, pattern, fullPattern
    }

    package let kind: Kind
    package let value: String

    /// The token of a token trigger; -1 for others.
    package let token: Token

    enum CodingKeys: String, CodingKey {
        case kind = "type"
        case value, token
    }
}
