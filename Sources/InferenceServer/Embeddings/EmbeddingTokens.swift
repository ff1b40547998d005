import Tokenizer
import WireFormat

extension EmbeddingModel {
    /// The tokens that the model puts around every text, such as [CLS] and [SEP].
    var opening: [Token] {
        vocabulary.addsBeginningOfSequence ? [vocabulary.beginningOfSequence].compactMap(\.self) : []
    }

    /// See `opening`.
    var closing: [Token] {
        if vocabulary.kind == .wordPiece { return [vocabulary.separator].compactMap(\.self) }
        return vocabulary.addsEndOfSequence ? [vocabulary.endOfSequence].compactMap(\.self) : []
    }

    /// How many tokens of a text fit beside those around it.
    var textRoom: Int { maxTokens - opening.count - closing.count }

    /// A text's own tokens, none around it; names of special tokens in it are plain text.
    ///
    /// - Throws: 400 for a text of megabytes, before time is spent on it.
    func tokens(of text: String, param: String, maximumBytes: Int) throws(APIError) -> [Token] {
        guard text.utf8.count <= maximumBytes else {
            throw .invalidRequest(
                "Invalid '\(param)': the text has \(text.utf8.count) bytes; this model reads texts of up to \(maxTokens) "
                    + "tokens, and of \(maximumBytes) bytes at most.",
                param: param,
                code: "context_length_exceeded"
            )
        }
        do {
            return try vocabulary.encode(vocabulary.normalized(text), addSpecial: false, parseSpecial: false)
        } catch {
            throw .invalidRequest("Invalid '\(param)': \(error.sentence)", param: param, code: "invalid_value")
        }
    }

    /// The model's own tokens that a client has sent, without those around them.
    ///
    /// - Throws: 400 where an id is none of the vocabulary's.
    func checked(_ ids: [Int], param: String) throws(APIError) -> [Token] {
        var tokens: [Token] = []
        tokens.reserveCapacity(ids.count)
        for id in ids {
            guard let token = Token(exactly: id), vocabulary.contains(token) else {
                throw .invalidRequest(
                    "Invalid '\(param)': the model's vocabulary has no token \(id); it has \(vocabulary.size).",
                    param: param,
                    code: "invalid_value"
                )
            }
            tokens.append(token)
        }
        if !opening.isEmpty, tokens.starts(with: opening) { tokens.removeFirst(opening.count) }
        if !closing.isEmpty, tokens.suffix(closing.count) == closing[...] { tokens.removeLast(closing.count) }
        return tokens
    }

    /// A text's tokens with those around it.
    func enclosed(_ tokens: some Collection<Token>) -> [Token] { opening + tokens + closing }

    /// Refuses a text that the model can't read as a whole.
    func checkFits(_ tokens: [Token], param: String) throws(APIError) {
        guard tokens.count > textRoom else { return }
        throw .invalidRequest(
            "Invalid '\(param)': this model's maximum context length is \(maxTokens) tokens, but the text has "
                + "\(tokens.count + opening.count + closing.count). Please reduce its length.",
            param: param,
            code: "context_length_exceeded"
        )
    }
}

extension APIError {
    /// The tokens that an id of OpenAI's embedding models stands for, as text.
    static func unknownOpenAIToken(_ param: String) -> APIError {
        .invalidRequest(
            "Invalid '\(param)': the tokens sent to this model are those of cl100k_base, whose ids of text are below "
                + "\(OpenAIEncoding.cl100k.size).",
            param: param,
            code: "invalid_value"
        )
    }
}
