internal import CLlama
internal import Foundation

extension Vocabulary {
    /// A text as this vocabulary's model was trained to see it, where llama.cpp does not see to it.
    ///
    /// WordPiece vocabularies of lower case know letters without marks: BERT takes characters apart (Hangul too) and drops
    /// what Unicode calls nonspacing marks. llama.cpp does so for some scripts.
    package func normalized(_ text: String) -> String {
        guard kind == .wordPiece, !text.utf8.allSatisfy({ $0 < 0x80 }) else { return text }
        let scalars = text.decomposedStringWithCanonicalMapping.unicodeScalars
        return String(String.UnicodeScalarView(scalars.filter { $0.properties.generalCategory != .nonspacingMark }))
    }

    /// Cuts a text into tokens.
    ///
    /// - Parameters:
    ///   - text: Any text; NUL characters are text as others.
    ///   - addSpecial: Whether to add what the vocabulary asks for around a whole text, such as BOS.
    ///   - parseSpecial: Whether the names of special tokens become these tokens: right for prompts that a chat
    ///     template rendered, wrong for text of strangers.
    /// - Returns: The tokens; none for an empty text without `addSpecial`.
    /// - Throws: ``TokenizerError`` where the text has 2 GiB or more, or the vocabulary has no token for a part of it.
    package func encode(_ text: String, addSpecial: Bool, parseSpecial: Bool) throws(TokenizerError) -> [Token] {
        var text = text
        var tokens = unsafe cl_tokens()
        let status = text.withUTF8 {
            unsafe cl_tokenize(model, $0.pointerToChars, $0.count, addSpecial, parseSpecial, &tokens)
        }
        try TokenizerError.check(status)
        defer { unsafe cl_tokens_free(tokens) }
        return unsafe Array(UnsafeBufferPointer(start: tokens.ids, count: tokens.count))
    }

    /// The bytes that a token stands for inside a text, often not whole characters.
    ///
    /// - Parameters:
    ///   - token: A token of this vocabulary.
    ///   - special: Whether a special token gives its name; otherwise it gives nothing.
    /// - Returns: The bytes, with the space that many tokens begin with.
    /// - Throws: ``TokenizerError`` with `invalidArgument` where there is no such token.
    package func piece(of token: Token, special: Bool = false) throws(TokenizerError) -> [UInt8] {
        var length = 0
        var status = cl_status.CL_OK
        func bytes(capacity: Int) -> [UInt8] {
            unsafe Array(unsafeUninitializedCapacity: capacity) { buffer, initialized in
                unsafe buffer.withMemoryRebound(to: CChar.self) { chars in
                    status = unsafe cl_token_piece(model, token, special, chars.baseAddress, chars.count, &length)
                }
                initialized = length <= capacity ? length : 0
            }
        }
        var piece = bytes(capacity: 32)
        if length > 32 { piece = bytes(capacity: length) }
        try TokenizerError.check(status)
        return piece
    }

    /// The text of tokens that stand alone, so without the space that some vocabularies put before the first word.
    ///
    /// Vocabularies that ask for it also lose the spaces before punctuation here, which text of growing answers keeps.
    ///
    /// - Parameters:
    ///   - tokens: Tokens of this vocabulary.
    ///   - special: Whether special tokens are rendered by name.
    /// - Returns: The text, with U+FFFD in place of bytes that are not UTF-8.
    /// - Throws: ``TokenizerError`` with `invalidArgument` where one is no token.
    package func decode(_ tokens: [Token], special: Bool = false) throws(TokenizerError) -> String {
        var text = unsafe cl_text()
        try TokenizerError.check(unsafe cl_detokenize(model, tokens, tokens.count, special, &text))
        defer { unsafe cl_text_free(text) }
        return unsafe String(decoding: UnsafeRawBufferPointer(start: text.bytes, count: text.length), as: UTF8.self)
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// The same bytes as C's `char`.
    var pointerToChars: UnsafePointer<CChar>? {
        unsafe UnsafeRawPointer(baseAddress)?.assumingMemoryBound(to: CChar.self)
    }
}
