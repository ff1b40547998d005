import HTTP
import Scheduling
import WireFormat

extension Routes {
    /// Anthropic's API.
    var anthropicRoutes: [Route] {
        [
            Route(
                method: .post,
                pattern: "/messages",
                operation: Operation("A message", .anthropic, body: MessagesRequest.self, answer: .jsonOrEvents),
                handler: createMessage
            ),
            Route(
                method: .post,
                pattern: "/messages/count_tokens",
                operation: Operation("Tokens of a message's prompt", .anthropic, body: MessagesPrompt.self),
                handler: countMessageTokens
            ),
        ]
    }

    /// Answers `POST /v1/messages`.
    func createMessage(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try request.decode(MessagesRequest.self)
        let lease = try await catalog.lease(body.prompt.model)
        let generation = try await ChatGeneration(
            body.prompt.conversation,
            parameters: body.generation,
            lease: lease,
            owner: Owner(request.principal)
        )
        let (id, model) = (ResponseID.make("msg_"), lease.model.id)
        let showsThinking = body.prompt.showsThinking
        let stop = { @Sendable (reason: WireFormat.FinishReason, report: AnswerReport) in
            MessageStop(
                reason,
                matched: report.matchedStop,
                generated: report.usage.completionTokens,
                parameters: body.generation
            )
        }
        guard body.generation.stream.isEnabled else {
            var message = CollectedMessage()
            let report = try await generation.follow { message.append($0) }
            return .json(
                Message(
                    id: id,
                    model: model,
                    content: message,
                    stop: stop(message.reason, report),
                    usage: report.usage,
                    showsThinking: showsThinking
                )
            )
        }
        let requestID = request.id
        return .events { events in
            var stream = MessageStream(id: id, model: model, showsThinking: showsThinking)
            do {
                try await events.send(stream.opening(generation.initialUsage))
                var reason = WireFormat.FinishReason.stop
                let report = try await generation.follow { event in
                    if case .end(let ending) = event { reason = ending }
                    try await events.send(stream.events(event))
                }
                try await events.send(stream.closing(stop(reason, report), report.usage))
            } catch let error as APIError {
                try await events.send([error.anthropicJSON(requestID: requestID)])
            }
        }
    }

    /// Answers `POST /v1/messages/count_tokens`.
    func countMessageTokens(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try request.decode(MessagesPrompt.self)
        let lease = try await catalog.lease(body.model)
        let prompt = try await lease.model.prompt(body.conversation)
        let count: JSONValue = ["input_tokens": JSONValue(prompt.content.tokenCount)]
        return .json(count)
    }
}

extension EventStream {
    /// Sends events whose names are their types.
    fileprivate func send(_ events: [JSONValue]) async throws {
        for event in events { try await send(event: event.eventType, data: event.text) }
    }
}
