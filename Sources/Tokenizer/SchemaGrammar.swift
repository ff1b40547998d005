internal import CLlama

/// Grammars of JSON schemas, as llama.cpp writes them.
package enum SchemaGrammar {
    /// The rules, in GBNF, of what a schema describes.
    ///
    /// - Parameter schema: As JSON.
    /// - Returns: Rules whose symbol `root` is the whole text.
    /// - Throws: ``TokenizerError`` with `invalidArgument` where no rules can be made of it.
    package static func rules(of schema: String) throws(TokenizerError) -> String {
        var schema = schema
        var text = unsafe cl_text()
        let status = schema.withUTF8 { unsafe cl_grammar_of_schema($0.pointerToChars, $0.count, &text) }
        try TokenizerError.check(status)
        defer { unsafe cl_text_free(text) }
        return unsafe String(decoding: UnsafeRawBufferPointer(start: text.bytes, count: text.length), as: UTF8.self)
    }
}
