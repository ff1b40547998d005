import Foundation
import HTTP
import Scheduling
import WireFormat

extension Routes {
    /// Ollama's API, but for what changes the installed models.
    var ollamaRoutes: [Route] {
        [
            Route(
                method: .post,
                pattern: "/api/chat",
                operation: Operation("Chat", .ollama, body: OllamaChatRequest.self, answer: .jsonOrLines),
                handler: ollamaChat
            ),
            Route(
                method: .post,
                pattern: "/api/generate",
                operation: Operation(
                    "An answer to a prompt",
                    .ollama,
                    body: OllamaGenerateRequest.self,
                    answer: .jsonOrLines
                ),
                handler: ollamaGenerate
            ),
            Route(
                method: .post,
                pattern: "/api/embed",
                operation: Operation("Embeddings", .ollama, body: OllamaEmbedRequest.self),
                handler: ollamaEmbed
            ),
            Route(
                method: .post,
                pattern: "/api/embeddings",
                operation: Operation("One embedding, in the old form", .ollama, body: OllamaEmbedRequest.Old.self),
                handler: ollamaEmbeddings
            ),
            Route(method: .get, pattern: "/api/tags", operation: Operation("Models", .ollama), handler: ollamaTags),
            Route(
                method: .post,
                pattern: "/api/show",
                operation: Operation("One model", .ollama, body: OllamaModelRequest.self),
                handler: ollamaShow
            ),
            Route(
                method: .get,
                pattern: "/api/ps",
                operation: Operation("Loaded models", .ollama),
                handler: ollamaRunning
            ),
            Route(
                method: .get,
                pattern: "/api/version",
                operation: Operation("The server's version", .ollama),
                handler: ollamaVersion
            ),
        ]
    }

    /// Answers `POST /api/chat`.
    func ollamaChat(_ request: HTTPRequest) async throws -> HTTPResponse {
        let start = ContinuousClock.now
        let body = try request.decode(OllamaChatRequest.self)
        if let reply = try await unloaded(.chat, body.settings, hasPrompt: !body.conversation.turns.isEmpty) {
            return reply
        }
        let lease = try await ollamaLease(body.settings)
        let reply = OllamaReply(.chat, model: lease.model.id, createdAt: timestamp(now()))
        guard !body.conversation.turns.isEmpty else { return .json(reply.loaded) }
        let timing = OllamaTiming(start: start, loaded: .now)
        let generation = try await ChatGeneration(
            body.conversation,
            parameters: body.settings.generation,
            lease: lease,
            owner: Owner(request.principal)
        )
        return try await answer(generation, reply, timing, streams: body.settings.generation.stream.isEnabled)
    }

    /// Answers `POST /api/generate`.
    func ollamaGenerate(_ request: HTTPRequest) async throws -> HTTPResponse {
        let start = ContinuousClock.now
        let body = try request.decode(OllamaGenerateRequest.self)
        if let reply = try await unloaded(.generate, body.settings, hasPrompt: body.prompt != .none) { return reply }
        let lease = try await ollamaLease(body.settings)
        let parameters = body.settings.generation
        let reply = OllamaReply(.generate, model: lease.model.id, createdAt: timestamp(now()))
        let timing = OllamaTiming(start: start, loaded: .now)
        let source: any AnswerSource
        switch body.prompt {
        case .none: return .json(reply.loaded)
        case .between(let text, let suffix):
            source = try await AnswerSet(
                prompts: try TextInput.text(text).inputs(for: lease.model, suffix: suffix).map {
                    PromptContent($0.tokens)
                },
                parameters: parameters,
                stops: parameters.stop,
                lease: lease,
                owner: Owner(request.principal),
                promptParameter: "prompt"
            )
        case .conversation(let conversation):
            source = try await ChatGeneration(
                conversation,
                parameters: parameters,
                lease: lease,
                owner: Owner(request.principal),
                param: "prompt"
            )
        case .raw(let text):
            source = try await AnswerSet(
                prompts: [PromptContent(try lease.model.tokenize(text, param: "prompt"))],
                parameters: parameters,
                stops: parameters.stop,
                lease: lease,
                owner: Owner(request.principal),
                promptParameter: "prompt"
            )
        }
        return try await answer(source, reply, timing, streams: parameters.stream.isEnabled)
    }

    /// Loads the model of a request, and keeps it so for as long as the lease is held, or longer unless the request wants it
    /// unloaded then.
    ///
    /// - Throws: 404 in Ollama's words; 400 where the context that was asked for is longer than the model's here.
    private func ollamaLease(_ settings: OllamaSettings) async throws -> ModelLease<ChatModel> {
        let lease = try await catalog.lease(try ollamaModel(settings.model, for: .chat).id)
        if let length = settings.contextLength, length > lease.model.contextLength {
            throw APIError.invalidRequest(
                "Invalid 'options.num_ctx': the model's context has \(lease.model.contextLength) tokens here, not "
                    + "\(length); --ctx-size sets it when the server starts.",
                param: "options.num_ctx",
                code: "invalid_value"
            )
        }
        if settings.stay == .unload { catalog.pool.retire(lease.model.id) }
        return lease
    }

    /// The answer to a request without a prompt that wants the model's memory free; nil to any other.
    private func unloaded(
        _ kind: OllamaReply.Kind,
        _ settings: OllamaSettings,
        hasPrompt: Bool
    ) async throws -> HTTPResponse? {
        guard !hasPrompt, settings.stay == .unload else { return nil }
        let id = try ollamaModel(settings.model).id
        if await !catalog.pool.unload(id) { catalog.pool.retire(id) }
        return .json(OllamaReply(kind, model: id, createdAt: timestamp(now())).unloaded)
    }

    private func answer(
        _ source: any AnswerSource,
        _ reply: OllamaReply,
        _ timing: OllamaTiming,
        streams: Bool
    ) async throws -> HTTPResponse {
        guard streams else {
            var message = CollectedMessage()
            let report = try await source.follow { message.append($0) }
            return .json(reply.whole(message, report.usage, timing.durations(report)))
        }
        return .jsonLines { writer in
            var reply = reply
            do {
                var reason = WireFormat.FinishReason.stop
                let report = try await source.follow { event in
                    if case .end(let ending) = event { reason = ending }
                    for line in reply.lines(event) { try await writer.write(line.text + "\n") }
                }
                try await writer.write(reply.closing(reason, report.usage, timing.durations(report)).text + "\n")
            } catch let error as APIError {
                try await writer.write(error.ollamaJSON.text + "\n")
            }
        }
    }
}

/// When a request came, and when its model was there.
private struct OllamaTiming {
    let start: ContinuousClock.Instant
    let loaded: ContinuousClock.Instant

    /// The durations of an answer that has just ended.
    func durations(_ report: AnswerReport) -> OllamaDurations {
        let end = ContinuousClock.now
        let first = report.firstToken ?? end
        return OllamaDurations(
            total: start.duration(to: end).nanoseconds,
            load: start.duration(to: loaded).nanoseconds,
            promptEvaluation: report.timings.promptDuration.nanoseconds,
            evaluation: first.duration(to: end).nanoseconds
        )
    }
}

extension Duration {
    fileprivate var nanoseconds: Int {
        Int(components.seconds) * 1_000_000_000 + Int(components.attoseconds / 1_000_000_000)
    }
}

extension Routes {
    /// A time by ISO 8601.
    func timestamp(_ seconds: Int) -> String { Date(timeIntervalSince1970: Double(seconds)).ISO8601Format() }

    /// The model that a request of Ollama's API means; a tag `latest` means nothing more.
    ///
    /// - Throws: 404 in Ollama's words, and what to install where nothing is for the task; or 400 `model_unusable`.
    func ollamaModel(_ name: String, for task: ModelTask? = nil) throws(APIError) -> ServableModel {
        do throws(APIError) {
            return try catalog.model(name)
        } catch {
            guard error.status == 404 else { throw error }
        }
        if name.hasSuffix(":latest") { return try ollamaModel(String(name.dropLast(7)), for: task) }
        let absence =
            task.flatMap { catalog.defaultID(for: $0) == nil ? ". \(catalog.absence(of: $0).message)" : nil } ?? ""
        throw APIError.notFound("model '\(name.prefix(100))' not found\(absence)", code: "model_not_found")
    }
}

extension HTTPResponse {
    /// A streamed body of lines of JSON.
    fileprivate static func jsonLines(_ produce: @escaping @Sendable (BodyWriter) async throws -> Void) -> Self {
        var headers = HTTPHeaders()
        headers["Content-Type"] = "application/x-ndjson"
        headers["Cache-Control"] = "no-cache"
        headers["X-Accel-Buffering"] = "no"
        return Self(headers: headers, body: .stream(produce))
    }
}
