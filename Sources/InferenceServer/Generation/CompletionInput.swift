import Tokenizer
import WireFormat

/// One text to continue.
struct CompletionInput {
    let tokens: [Token]
    /// What an answer that echoes it begins with.
    let text: String
    /// Tokens at the start that are none of the request's, but what the vocabulary puts first.
    let added: Int

    /// - Throws: 400 where the text can't fit.
    fileprivate init(_ text: String, _ model: ChatModel) throws(APIError) {
        self.text = text
        tokens = try model.tokenize(text, param: "prompt")
        let begins = model.vocabulary.addsBeginningOfSequence && tokens.first == model.vocabulary.beginningOfSequence
        added = begins ? 1 : 0
    }

    /// - Throws: 400 where an id is no token of the vocabulary.
    fileprivate init(_ ids: [Int], _ model: ChatModel) throws(APIError) {
        tokens = try model.vocabulary.checked(ids, param: "prompt")
        do {
            text = try model.vocabulary.decode(tokens, special: true)
        } catch {
            throw APIError(error, param: "prompt")
        }
        added = 0
    }

    /// What is to be filled in between two texts, as models that were trained to do that are asked.
    ///
    /// - Throws: 400 where the model was not, or the texts can't fit.
    fileprivate init(_ text: String, suffix: String, _ model: ChatModel) throws(APIError) {
        guard let fill = FillInTheMiddle(model.vocabulary) else {
            throw .invalidRequest(
                "The model \(model.id) was not trained to fill in the middle of a text: its vocabulary has no tokens for it.",
                param: "suffix",
                code: "unsupported_value"
            )
        }
        self.text = text
        added = 0
        do {
            _ = try model.tokenize(text, param: "prompt")
            _ = try model.tokenize(suffix, param: "suffix")
            tokens = try fill.prompt(prefix: text, suffix: suffix)
        } catch {
            throw error as? APIError
                ?? APIError(error as? TokenizerError ?? TokenizerError(.failed, "\(error)"), param: "prompt")
        }
    }
}

extension TextInput {
    /// The texts to continue; or where there is a suffix, what to fill in before it.
    ///
    /// - Throws: 400 where one is empty, can't fit, or holds ids that the vocabulary does not have.
    func inputs(for model: ChatModel, suffix: String? = nil) throws(APIError) -> [CompletionInput] {
        func input(_ text: String) throws(APIError) -> CompletionInput {
            if let suffix { return try CompletionInput(text, suffix: suffix, model) }
            return try CompletionInput(text, model)
        }
        switch self {
        case .text(let text): return [try input(text)]
        case .texts(let texts): return try texts.map(input)
        case .tokens(let tokens): return [try CompletionInput(tokens, model)]
        case .tokenLists(let lists):
            return try lists.map { list throws(APIError) in try CompletionInput(list, model) }
        }
    }
}
