/// What an answer is held to: a grammar that every token has to go along with.
package struct Grammar: Hashable, Sendable {
    /// In llama.cpp's GBNF.
    package var rules: String
    /// The symbol that an answer has to be.
    package var root = "root"
    /// Whether the answer is free until a trigger comes up.
    package var isLazy = false
    /// What ends the freedom of a lazy grammar; the grammar's text begins with the trigger.
    package var triggers: [Trigger] = []
    /// Control tokens that may stand for their text; all other control tokens are refused.
    package var preservedTokens: [TokenID] = []
    /// Text of the prompt that the grammar has passed before the first token; lazy grammars know none.
    package var opening = ""

    package init(rules: String) { self.rules = rules }

    /// What makes a lazy grammar begin, by llama.cpp's names.
    package struct Trigger: Hashable, Sendable {
        package enum Kind: Hashable, Sendable {
            /// A text, wherever it comes up.
            case word
            /// A token.
            case token
            /// A regular expression, found anywhere in the answer; its first group that matches anything, or else all
            /// of the match, is where the grammar begins.
            case pattern
            /// The same, matching all of the answer so far.
            case patternFull
        }

        package let kind: Kind
        package let value: String
        /// Of kind `token`.
        package let token: TokenID?

        package init(kind: Kind, value: String, token: TokenID? = nil) {
            self.kind = kind
            self.value = value
            self.token = token
        }
    }
}
