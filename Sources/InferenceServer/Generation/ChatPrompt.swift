import Tokenizer
import WireFormat

/// A conversation as the tokens that the model was trained to see.
struct ChatPrompt {
    /// As the template wrote it.
    let text: String
    let tokens: [Token]
    /// Texts that end an answer in the template's format.
    let stops: [String]

    /// Renders the model's template and tokenizes what it gives.
    ///
    /// - Throws: 400 where the conversation can't fit, which is found before megabytes of it are tokenized, or where the
    ///   template refuses it.
    init(_ messages: [ChatMessage], model: ChatModel) throws(APIError) {
        let least = messages.reduce(0) { $0 + model.vocabulary.minimumTokenCount(of: $1.content) }
        try model.checkFits(least, param: "messages")
        let rendered: RenderedPrompt
        do {
            rendered = try model.template.render(messages: Self.json(messages).text)
        } catch {
            throw APIError(error, param: "messages")
        }
        text = rendered.prompt
        tokens = try model.tokenize(rendered.prompt, param: "messages")
        stops = rendered.additionalStops
    }

    private static func json(_ messages: [ChatMessage]) -> JSONValue {
        .array(
            messages.map { message in
                var object = JSONObject()
                // Templates know `system`: `developer` is OpenAI's later name of it.
                let role = message.role == .developer ? .system : message.role
                object.append("role", .string(role.rawValue))
                object.append("content", .string(message.content))
                if let name = message.name { object.append("name", .string(name)) }
                return .object(object)
            }
        )
    }
}

extension ChatModel {
    /// The tokens of a text, its special tokens read as such.
    ///
    /// - Throws: 400 where it can't fit the context.
    func tokenize(_ text: String, param: String) throws(APIError) -> [Token] {
        try checkFits(vocabulary.minimumTokenCount(of: text), param: param)
        do {
            return try vocabulary.encode(text, addSpecial: true, parseSpecial: true)
        } catch {
            throw APIError(error, param: param)
        }
    }

    /// Refuses what cannot fit, before it is tokenized: it has at least so many tokens.
    func checkFits(_ tokens: Int, param: String) throws(APIError) {
        guard tokens < contextLength else {
            throw .contextLengthExceeded(limit: contextLength, promptTokens: tokens, isLeast: true, param: param)
        }
    }

    /// What answers of the same model and settings have in common.
    var fingerprint: String { "fp_" + id }
}
