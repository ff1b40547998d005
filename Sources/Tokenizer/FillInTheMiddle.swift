/// Makes prompts that ask a model for what stands between two texts, where its vocabulary has the tokens for it.
package struct FillInTheMiddle: Sendable {
    /// The tokens that tell a model what is what.
    package struct Tokens: Hashable, Sendable {
        package let prefix: Token
        package let suffix: Token
        package let middle: Token
        /// Begins what is told of other files of a repository.
        package let repository: Token?
        /// Begins a file.
        package let file: Token?

        package init(prefix: Token, suffix: Token, middle: Token, repository: Token? = nil, file: Token? = nil) {
            self.prefix = prefix
            self.suffix = suffix
            self.middle = middle
            self.repository = repository
            self.file = file
        }
    }

    /// Another text that may help.
    package struct File: Hashable, Sendable {
        package let name: String
        package let text: String

        package init(name: String, text: String) {
            self.name = name
            self.text = text
        }
    }

    private let vocabulary: Vocabulary
    private let tokens: Tokens

    /// Uses these tokens of the vocabulary.
    package init(_ vocabulary: Vocabulary, tokens: Tokens) {
        self.vocabulary = vocabulary
        self.tokens = tokens
    }

    /// Nil where the vocabulary lacks the tokens.
    package init?(_ vocabulary: Vocabulary) {
        guard let tokens = vocabulary.fillInTheMiddle else { return nil }
        self.init(vocabulary, tokens: tokens)
    }

    /// The prompt for what comes between `prefix` and `suffix`.
    ///
    /// Other files come first, as Qwen's coders were trained (arXiv 2409.12186, section 3.1) where the vocabulary has the
    /// tokens for that, otherwise as plain text. Names of special tokens in any of the texts are plain text.
    ///
    /// - Throws: ``TokenizerError`` where a text can't be tokenized.
    package func prompt(prefix: String, suffix: String, files: [File] = []) throws(TokenizerError) -> [Token] {
        var prompt: [Token] = []
        if !files.isEmpty, tokens.file != nil, let repository = tokens.repository {
            prompt.append(repository)
            prompt += try plain("repository\n")
        }
        for file in files {
            if let separator = tokens.file {
                prompt.append(separator)
                prompt += try plain(file.name + "\n")
                prompt += try plain(file.text)
            } else {
                prompt += try plain("\n\n--- \(file.name) ---\n\n" + file.text)
            }
        }
        if !files.isEmpty, let separator = tokens.file {
            prompt.append(separator)
            prompt += try plain("file\n")
        }
        if vocabulary.addsBeginningOfSequence, let begin = vocabulary.beginningOfSequence { prompt.append(begin) }
        prompt.append(tokens.prefix)
        prompt += try plain(prefix)
        prompt.append(tokens.suffix)
        prompt += try plain(suffix)
        prompt.append(tokens.middle)
        return prompt
    }

    private func plain(_ text: String) throws(TokenizerError) -> [Token] {
        try vocabulary.encode(text, addSpecial: false, parseSpecial: false)
    }
}
