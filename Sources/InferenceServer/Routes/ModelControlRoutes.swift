import HTTP
import Scheduling
import WireFormat

extension Routes {
    /// What text-generation-webui's clients do with models, and how they stop answers.
    var modelControlRoutes: [Route] {
        [
            Route(
                method: .get,
                pattern: "/internal/model/list",
                operation: Operation("Names of the models", .webUI),
                handler: listModelNames
            ),
            Route(
                method: .get,
                pattern: "/internal/model/info",
                operation: Operation("The model of requests that name none", .webUI),
                handler: modelInformation
            ),
            Route(
                method: .post,
                pattern: "/internal/model/load",
                operation: Operation("Load a model, for requests that name none", .webUI, body: LoadModelRequest.self),
                handler: loadModel
            ),
            Route(
                method: .post,
                pattern: "/internal/model/unload",
                operation: Operation("Free the memory of the model of requests that name none", .webUI),
                handler: unloadModel
            ),
            Route(
                method: .post,
                pattern: "/internal/chat-prompt",
                operation: Operation("The prompt of a chat", .webUI, body: ChatRequest.self),
                handler: chatPrompt
            ),
            Route(
                method: .post,
                pattern: "/internal/stop-generation",
                operation: Operation("End the caller's answers where they are", .webUI),
                handler: stopGeneration
            ),
            Route(
                method: .get,
                pattern: "/internal/health",
                operation: Operation("Whether the server works", .webUI),
                handler: health
            ),
        ]
    }

    /// Answers `GET /v1/internal/model/list`.
    private func listModelNames(_ request: HTTPRequest) async throws -> HTTPResponse {
        .json(["model_names": .array(catalog.models.map { .string($0.id) })] as JSONValue)
    }

    /// Answers `GET /v1/internal/model/info`; where nothing is installed, as text-generation-webui does before a load.
    private func modelInformation(_ request: HTTPRequest) async throws -> HTTPResponse {
        guard let model = catalog.standard else {
            return .json(["model_name": "None", "lora_names": [], "loader": .null] as JSONValue)
        }
        return .json(
            ["model_name": .string(model.id), "lora_names": [], "loader": "llama.cpp"] as JSONValue
        )
    }

    /// Answers `POST /v1/internal/model/load`: once it is loaded, requests of the same key mean it where they name none.
    private func loadModel(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try request.decode(LoadModelRequest.self)
        let model: ServableModel
        do { model = try catalog.model(body.model) } catch { throw error.about("model_name") }
        _ = try await catalog.lease(model.id)
        catalog.choose(model)
        return .json("OK" as JSONValue)
    }

    /// Answers `POST /v1/internal/model/unload`; the model is loaded again when it is asked for.
    private func unloadModel(_ request: HTTPRequest) async throws -> HTTPResponse {
        try request.requireNoParameters()
        let model = try catalog.model(nil)
        guard await catalog.pool.unload(model.id) else {
            throw APIError(
                status: 409,
                message: "The model `\(model.id)` is answering requests. Please try again when they have ended.",
                code: "model_in_use"
            )
        }
        return .json("OK" as JSONValue)
    }

    /// Answers `POST /v1/internal/stop-generation`.
    private func stopGeneration(_ request: HTTPRequest) async throws -> HTTPResponse {
        try request.requireNoParameters()
        for model in catalog.loaded { await model.engine.finishAnswers(of: Caller.owner) }
        return .json("OK" as JSONValue)
    }
}

extension HTTPRequest {
    /// Refuses parameters where there are none; such requests need no body.
    fileprivate func requireNoParameters() throws {
        if !body.isEmpty { _ = try decode(EmptyRequest.self) }
    }
}

extension APIError {
    /// The same error about another parameter.
    fileprivate func about(_ param: String) -> APIError {
        APIError(status: status, message: message, kind: kind, param: param, code: code, retryAfter: retryAfter)
    }
}
