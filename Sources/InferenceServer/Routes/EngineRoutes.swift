import HTTP
import WireFormat

extension Routes {
    /// The models under the name that OpenAI's API had for them at first.
    var engineRoutes: [Route] {
        [
            Route(
                method: .get,
                pattern: "/engines",
                operation: Operation("Models, as first there were", .openAI),
                handler: listEngines
            ),
            Route(
                method: .get,
                pattern: "/engines/{engine}",
                operation: Operation("One model, as first there were", .openAI),
                handler: retrieveEngine
            ),
            Route(
                method: .post,
                pattern: "/engines/{engine}/embeddings",
                operation: Operation("Embeddings by the model in the path", .openAI, body: EmbeddingRequest.self),
                handler: embeddings
            ),
        ]
            + ["/engines/{engine}/completions", "/engines/{engine}/generate"].map { pattern in
                Route(
                    method: .post,
                    pattern: pattern,
                    operation: Operation(
                        "Text completions of the model in the path",
                        .openAI,
                        body: CompletionRequest.self,
                        answer: .jsonOrEvents
                    ),
                    handler: completions
                )
            }
    }

    /// Answers `GET /v1/engines`.
    private func listEngines(_ request: HTTPRequest) async throws -> HTTPResponse {
        .json(["object": "list", "data": .array(catalog.models.map(engine))] as JSONValue)
    }

    /// Answers `GET /v1/engines/{engine}`.
    private func retrieveEngine(_ request: HTTPRequest) async throws -> HTTPResponse {
        .json(engine(try catalog.model(request.parameters["engine"] ?? "")))
    }

    /// The model that a request means, by its path or its body.
    ///
    /// - Throws: 400 where they name two.
    func modelName(_ request: HTTPRequest, _ name: String?) throws(APIError) -> String? {
        let engine = request.parameters["engine"]
        if let engine, let name, name != engine {
            throw APIError.invalidRequest("The path names another model than the parameter 'model'.", param: "model")
        }
        return engine ?? name
    }

    private func engine(_ model: ServableModel) -> JSONValue {
        ["id": .string(model.id), "object": "engine", "owner": "local", "ready": true]
    }
}
