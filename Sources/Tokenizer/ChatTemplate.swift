internal import CLlama
internal import Foundation

/// The chat template of a model: conversations into prompts.
///
/// Immutable, shared by all threads. Renderings of the whole process run one after another (see cl_templates.h: a part
/// of it is not thread-safe), each a few milliseconds. It does not outlast a template that loops: templates come from
/// the model file and are trusted like it.
@safe package final class ChatTemplate: Sendable {
    // Safe to share: parsed templates are read-only, and the native side serializes their use.
    private nonisolated(unsafe) let templates: OpaquePointer

    /// Whether the template came from the model or the override; otherwise ChatML stands in for it.
    package let isExplicit: Bool

    /// Parses the template of a model.
    ///
    /// - Parameters:
    ///   - vocabulary: The vocabulary of the model; not kept.
    ///   - override: A Jinja template to use in place of the model's.
    /// - Throws: ``TokenizerError`` with `templateRefused` where the template does not parse.
    package init(vocabulary: Vocabulary, override: String? = nil) throws(TokenizerError) {
        var source = override ?? ""
        var templates: OpaquePointer?
        let status = source.withUTF8 {
            unsafe cl_templates_make(vocabulary.model, $0.pointerToChars, $0.count, &templates)
        }
        try TokenizerError.check(status, or: .templateRefused)
        guard let templates = unsafe templates else { throw TokenizerError(.failed, "No template was handed over.") }
        unsafe self.templates = templates
        isExplicit = unsafe cl_templates_was_explicit(templates)
    }

    deinit { unsafe cl_templates_free(templates) }

    /// The Jinja source, for reports.
    ///
    /// - Throws: ``TokenizerError`` where memory runs out.
    package func source() throws(TokenizerError) -> String {
        var text = unsafe cl_text()
        try TokenizerError.check(unsafe cl_templates_source(templates, &text))
        defer { unsafe cl_text_free(text) }
        return unsafe String(decoding: UnsafeRawBufferPointer(start: text.bytes, count: text.length), as: UTF8.self)
    }

    /// Renders a conversation.
    ///
    /// - Parameters:
    ///   - messages: A JSON array of messages as in OpenAI's chat completions, with text content only.
    ///   - options: A JSON object; the keys are documented in cl_templates.h.
    /// - Returns: The prompt and what belongs to it.
    /// - Throws: ``TokenizerError`` with `invalidArgument` where messages or options are malformed, and with
    ///   `templateRefused` and the template's words where it does not take this conversation.
    package func render(messages: String, options: String = "{}") throws(TokenizerError) -> RenderedPrompt {
        var messages = messages
        var options = options
        var result = unsafe cl_text()
        let status = messages.withUTF8 { messages in
            options.withUTF8 { options in
                unsafe cl_templates_apply(
                    templates,
                    messages.pointerToChars,
                    messages.count,
                    options.pointerToChars,
                    options.count,
                    &result
                )
            }
        }
        try TokenizerError.check(status, or: .templateRefused)
        defer { unsafe cl_text_free(result) }
        guard let bytes = unsafe result.bytes else { throw TokenizerError(.failed, "No prompt was handed over.") }
        do {
            let json = unsafe Data(bytes: bytes, count: result.length)
            return try JSONDecoder().decode(RenderedPrompt.self, from: json)
        } catch {
            throw TokenizerError(.failed, "The rendered prompt cannot be read.")
        }
    }
}
