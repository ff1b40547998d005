import HTTP
import Llama
import RuntimeSupport
import Scheduling
import Tokenizer
import WireFormat

extension Routes {
    private static let model = Operation.QueryParameter("model", .text, "The model; the default one without it")
    private static let failOnNoSlot = Operation.QueryParameter(
        "fail_on_no_slot",
        .flag,
        "1: 503 where no sequence is free"
    )

    /// What llama-server's clients use beside its endpoints that are OpenAI's.
    var llamaServerRoutes: [Route] {
        [
            Route(
                method: .post,
                pattern: "/completion",
                operation: Operation(
                    "Text completions in llama-server's form",
                    .llamaServer,
                    body: LlamaCompletionRequest.self,
                    answer: .jsonOrEvents
                ),
                handler: completion
            ),
            Route(
                method: .post,
                pattern: "/infill",
                operation: Operation(
                    "What comes between two texts",
                    .llamaServer,
                    body: InfillRequest.self,
                    answer: .jsonOrEvents
                ),
                handler: infill
            ),
            Route(
                method: .post,
                pattern: "/apply-template",
                operation: Operation("The prompt of a chat", .llamaServer, body: ChatRequest.self),
                handler: chatPrompt
            ),
            Route(
                method: .get,
                pattern: "/props",
                operation: Operation("Properties of a model", .llamaServer, query: [Self.model]),
                handler: properties
            ),
            Route(
                method: .get,
                pattern: "/slots",
                operation: Operation(
                    "What each sequence is used for",
                    .llamaServer,
                    query: [Self.model, Self.failOnNoSlot]
                ),
                handler: slots
            ),
        ]
    }

    /// Answers `GET /props`.
    private func properties(_ request: HTTPRequest) async throws -> HTTPResponse {
        let model = try await catalog.lease(request.query[Self.model.name]).model
        let vocabulary = model.vocabulary
        let name = { (token: Token?) in
            try token.map { String(decoding: try vocabulary.piece(of: $0, special: true), as: UTF8.self) } ?? ""
        }
        return .json(
            ServerProperties(
                model: model.id,
                contextLength: model.contextLength,
                slots: model.engine.limits.maxSequences,
                chatTemplate: try model.template.source(),
                beginningOfSequence: try name(vocabulary.beginningOfSequence),
                endOfSequence: try name(vocabulary.endOfSequence),
                seesImages: model.projector?.seesImages ?? false,
                hearsSound: model.projector?.hearing != nil,
                build: "\(Version.name) \(Version.number)"
            )
        )
    }

    /// Answers `GET /slots`: of the caller's own requests what is computed, of others' sequences that they are used.
    ///
    /// As of the last step; a model that is not loaded has its sequences idle, and stays so.
    private func slots(_ request: HTTPRequest) async throws -> HTTPResponse {
        let model = try catalog.model(request.query[Self.model.name])
        let report = model.board.withLock { $0 }
        let used = Dictionary(uniqueKeysWithValues: report.sequences.map { ($0.id, $0.user) })
        let sequences = (0..<model.plan.options.sequences).map { SequenceID(rawValue: Int32($0)) }
        let users = sequences.map { used[$0] ?? nil }
        if request.query[Self.failOnNoSlot.name] == "1", !users.contains(nil) {
            throw APIError.overloaded("No sequence is free.", retryAfter: 1)
        }
        let slots = try zip(sequences, users).map { sequence, user in
            let request = report.requests.first { $0.state.id == user && $0.owner == Caller.owner }
            return Slot(
                id: Int(sequence.rawValue),
                model: model.id,
                contextLength: model.plan.options.contextLength,
                isProcessing: user != nil,
                request: try request.map { try slotRequest($0, of: model) }
            )
        }
        return .json(JSONValue.array(slots.map(\.json)))
    }

    private func slotRequest(_ request: EngineReport.Request, of model: ServableModel) throws -> Slot.Request {
        Slot.Request(
            id: request.state.id.rawValue,
            promptTokens: request.promptTokens,
            computedTokens: request.state.computed,
            cachedTokens: request.state.cached,
            generatedTokens: request.state.generated,
            prompt: try showsPrompts ? request.prompt.flatMap { try text(of: $0, of: model) } : nil
        )
    }

    /// A prompt as text; a media item has none, nor has a prompt whose model is gone by now.
    private func text(of prompt: [PromptItem], of model: ServableModel) throws -> String? {
        let loaded = catalog.loaded.first { $0.id == model.id }
        return try loaded?.vocabulary.decode(prompt.compactMap(\.token), special: true)
    }
}
