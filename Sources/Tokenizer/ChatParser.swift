internal import CLlama
internal import Foundation

/// Reads what a model answers to a rendered conversation: content, reasoning and tool calls.
///
/// Immutable, shared by all threads.
@safe package final class ChatParser: Sendable {
    // Safe to share: the native parser is read-only.
    private nonisolated(unsafe) let parser: OpaquePointer

    /// Whether all of every answer is content.
    package let isPlain: Bool

    /// The parser that belongs to a prompt.
    ///
    /// - Throws: ``TokenizerError`` where memory runs out.
    package init(_ prompt: RenderedPrompt) throws(TokenizerError) {
        var (format, definition, opening) = (prompt.format, prompt.parser, prompt.generationPrompt)
        var parser: OpaquePointer?
        let status = format.withUTF8 { format in
            definition.withUTF8 { definition in
                opening.withUTF8 { opening in
                    unsafe cl_chat_parser_make(
                        format.pointerToChars,
                        format.count,
                        definition.pointerToChars,
                        definition.count,
                        opening.pointerToChars,
                        opening.count,
                        &parser
                    )
                }
            }
        }
        try TokenizerError.check(status)
        guard let parser = unsafe parser else { throw TokenizerError(.failed, "No parser was handed over.") }
        unsafe self.parser = parser
        isPlain = unsafe cl_chat_parser_is_plain(parser)
    }

    deinit { unsafe cl_chat_parser_free(parser) }

    /// Reads an answer, or its beginning.
    ///
    /// - Parameters:
    ///   - text: From the first generated character on.
    ///   - isPartial: Whether more may follow.
    /// - Returns: What stands in it, calls as far as they have come.
    /// - Throws: ``TokenizerError`` where the text is not in the model's format.
    package func parse(_ text: String, isPartial: Bool) throws(TokenizerError) -> ParsedAnswer {
        var text = text
        var result = unsafe cl_text()
        let status = text.withUTF8 {
            unsafe cl_chat_parser_parse(parser, $0.pointerToChars, $0.count, isPartial, &result)
        }
        try TokenizerError.check(status)
        defer { unsafe cl_text_free(result) }
        guard let bytes = unsafe result.bytes else { throw TokenizerError(.failed, "No answer was handed over.") }
        do {
            return try JSONDecoder().decode(ParsedAnswer.self, from: unsafe Data(bytes: bytes, count: result.length))
        } catch {
            throw TokenizerError(.failed, "The parsed answer cannot be read.")
        }
    }
}

/// An answer in its parts.
package struct ParsedAnswer: Hashable, Sendable, Decodable {
    package struct Call: Hashable, Sendable, Decodable {
        /// Empty where the format has none.
        package var id: String
        package var name: String
        /// JSON, or its beginning.
        package var arguments: String

        package init(id: String, name: String, arguments: String) {
            self.id = id
            self.name = name
            self.arguments = arguments
        }
    }

    package var content: String
    package var reasoning: String
    package var calls: [Call]

    package init(content: String = "", reasoning: String = "", calls: [Call] = []) {
        self.content = content
        self.reasoning = reasoning
        self.calls = calls
    }

    enum CodingKeys: String, CodingKey {
        case content
        case reasoning = "reasoning_content"
        case calls = "tool_calls"
    }
}
