import Scheduling
import Tokenizer
import WireFormat

/// What a chat request of text-generation-webui's form asks a model.
struct WebUIPrompt {
    /// A text that the model goes on with, or a conversation.
    enum Content {
        case text(String)
        case conversation(Conversation, ChatTemplate?)
    }

    let content: Content
    /// Texts that end the answer, beside those of the request.
    let stops: [String]

    /// - Throws: 400 where there is no such character or template, or its template can't be used.
    init(_ body: ChatRequest, _ request: WebUIChat, model: ChatModel, library: WebUILibrary) throws(APIError) {
        var template: ChatTemplate?
        if let name = request.instructionTemplate {
            do {
                template = try ChatTemplate(
                    vocabulary: model.vocabulary,
                    override: try library.instructionTemplate(name)
                )
            } catch let error as APIError {
                throw error
            } catch {
                throw .invalidRequest(
                    "The instruction template '\(name)' can't be used: \(error)",
                    param: "instruction_template",
                    code: "invalid_value"
                )
            }
        }
        guard let mode = request.mode, mode != .instruct else {
            (content, stops) = (.conversation(body.conversation, template), [])
            return
        }
        let character = try request.character.map { name throws(APIError) in try library.character(name) }
        let dialogue = Dialogue(body.conversation.turns, request, character ?? Character())
        stops = dialogue.stops
        content =
            mode == .chat
            ? .text(dialogue.text) : .conversation(dialogue.instruction(request.command), template)
    }

    /// The text that the model sees.
    ///
    /// - Throws: 400 where the template refuses it, or it does not fit.
    func text(for model: ChatModel) async throws -> String {
        switch content {
        case .text(let text): text
        case .conversation(let conversation, let template):
            try await model.prompt(conversation, template: template).text
        }
    }
}
