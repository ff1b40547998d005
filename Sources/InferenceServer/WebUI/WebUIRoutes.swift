import HTTP
import Scheduling
import Tokenizer
import WireFormat

extension Routes {
    /// Answers a chat of the modes `chat` and `chat-instruct`.
    func dialogue(
        _ request: HTTPRequest,
        _ body: ChatRequest,
        _ prompt: WebUIPrompt,
        header: ResponseHeader,
        lease: ModelLease<ChatModel>
    ) async throws -> HTTPResponse {
        var parameters = body.generation
        parameters.stop += prompt.stops
        let source: any AnswerSource
        switch prompt.content {
        case .text(let text):
            source = try await AnswerSet(
                prompts: [PromptContent(try lease.model.tokenize(text, param: "messages"))],
                parameters: parameters,
                stops: parameters.stop,
                lease: lease,
                owner: Owner(request.principal),
                promptParameter: "messages"
            )
        case .conversation(let conversation, let template):
            source = try await ChatGeneration(
                conversation,
                parameters: parameters,
                lease: lease,
                owner: Owner(request.principal),
                template: template
            )
        }
        let showsLogprobs = parameters.logprobs != nil
        guard parameters.stream.isEnabled else {
            var message = CollectedMessage()
            let report = try await source.follow { message.append($0) }
            message.content = String(message.content.drop(while: \.isWhitespace))
            let choice = ChatCompletion.Choice(
                index: 0,
                message: message,
                showsLogprobs: showsLogprobs,
                details: report.details
            )
            return .json(ChatCompletion(header: header, choices: [choice], usage: report.usage))
        }
        let chunks = ChatCompletionStream(
            header: header,
            includesUsage: parameters.stream.includesUsage,
            showsLogprobs: showsLogprobs,
            showsMessage: true
        )
        return .events { events in
            do {
                try await events.send(data: chunks.opening(0).text)
                var begins = true
                let report = try await source.follow { event in
                    var event = event
                    // The space behind the name belongs to the dialogue.
                    if begins, case .content(let text, let logprobs) = event {
                        let rest = String(text.drop(while: \.isWhitespace))
                        begins = rest.isEmpty
                        event = .content(rest, logprobs: logprobs)
                    }
                    try await events.send(data: chunks.chunk(event, 0).text)
                }
                if chunks.includesUsage { try await events.send(data: chunks.usage(report.usage).text) }
                try await events.send(data: "[DONE]")
            } catch let error as APIError {
                try await events.send(data: error.json.text)
            }
        }
    }

    /// What a chat request of text-generation-webui's form asks a model.
    func webUIPrompt(_ body: ChatRequest, _ request: WebUIChat, model: ChatModel) async throws -> WebUIPrompt {
        try await WebUIPrompt(body, request, model: model, library: library, inlineTemplates: inlineTemplates)
    }

    /// Answers `POST /v1/internal/chat-prompt` and `POST /apply-template`: the text that the model would see.
    func chatPrompt(_ request: HTTPRequest) async throws -> HTTPResponse {
        var body = try request.decode(ChatRequest.self)
        let owner = Owner(request.principal)
        body.conversation = try transcripts.recall(body.conversation, owner: owner)
        body.conversation = try await transcribed(body.conversation, for: body.model, owner: owner)
        let lease = try await catalog.lease(body.model)
        let prompt = try await webUIPrompt(body, body.webUI ?? WebUIChat(), model: lease.model)
        let answer: JSONValue = ["prompt": .string(try await prompt.text(for: lease.model))]
        return .json(answer)
    }
}
