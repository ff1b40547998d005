import Scheduling
import Tokenizer
import WireFormat

/// What a chat request of text-generation-webui's form asks a model.
struct WebUIPrompt {
    /// A text that the model goes on with, or a conversation.
    enum Content {
        case text(String)
        case conversation(Conversation, PromptTemplate?)
    }

    let content: Content
    /// Texts that end the answer, beside those of the request.
    let stops: [String]

    /// - Parameters:
    ///   - body: The request.
    ///   - request: What it asks beyond OpenAI's API.
    ///   - model: The one that answers.
    ///   - library: Files that requests name.
    ///   - inlineTemplates: Renders what templates make that came with the request.
    /// - Throws: 400 where there is no such character or template, or its template can't be used.
    init(
        _ body: ChatRequest,
        _ request: WebUIChat,
        model: ChatModel,
        library: WebUILibrary,
        inlineTemplates: InlineTemplates
    ) async throws {
        var template: PromptTemplate?
        if let name = request.instructionTemplate, request.inlineTemplate == nil {
            do {
                template = .parsed(
                    try ChatTemplate(vocabulary: model.vocabulary, override: try library.instructionTemplate(name))
                )
            } catch let error as APIError {
                throw error
            } catch {
                throw APIError.invalidRequest(
                    "The instruction template '\(name)' can't be used: \(error)",
                    param: "instruction_template",
                    code: "invalid_value"
                )
            }
        }
        /// The conversation with its template, which has rendered it already where it came with the request.
        func content(_ conversation: Conversation) async throws -> Content {
            guard let source = request.inlineTemplate else { return .conversation(conversation, template) }
            let rendered = try await inlineTemplates.render(
                conversation,
                with: source,
                parameter: WebUIChat.inlineTemplateParameter,
                model: model
            )
            return .conversation(conversation, .rendered(rendered))
        }
        guard let mode = request.mode, mode != .instruct else {
            (self.content, stops) = (try await content(body.conversation), [])
            return
        }
        let character = try request.character.map { name throws(APIError) in try library.character(name) }
        let dialogue = Dialogue(body.conversation.turns, request, character ?? Character())
        stops = dialogue.stops
        self.content =
            mode == .chat ? .text(dialogue.text) : try await content(dialogue.instruction(request.command))
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
