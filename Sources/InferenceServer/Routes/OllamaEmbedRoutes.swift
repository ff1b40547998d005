import HTTP
import Scheduling
import WireFormat

extension Routes {
    /// Answers `POST /api/embed`.
    func ollamaEmbed(_ request: HTTPRequest) async throws -> HTTPResponse {
        .json(try await embeddings(try request.decode(OllamaEmbedRequest.self), param: "input", request).json)
    }

    /// Answers `POST /api/embeddings`, the old form.
    func ollamaEmbeddings(_ request: HTTPRequest) async throws -> HTTPResponse {
        .json(
            try await embeddings(try request.decode(OllamaEmbedRequest.Old.self).request, param: "prompt", request).old
        )
    }

    private func embeddings(
        _ body: OllamaEmbedRequest,
        param: String,
        _ request: HTTPRequest
    ) async throws -> OllamaEmbeddings {
        let start = ContinuousClock.now
        let id = try ollamaModel(body.model, for: .embeddings).id
        if body.texts.isEmpty, body.stay == .unload {
            catalog.pool.retire(id)
            return OllamaEmbeddings([], model: id, promptTokens: 0, total: start.duration(to: .now), load: .zero)
        }
        let lease = try await catalog.leaseEmbedding(id)
        if body.stay == .unload { catalog.pool.retire(id) }
        let (model, load) = (lease.model, start.duration(to: .now))
        if let dimensions = body.dimensions, dimensions > model.dimensions {
            throw APIError.invalidRequest(
                "Invalid 'dimensions': this model's vectors have \(model.dimensions) dimensions, not \(dimensions).",
                param: "dimensions",
                code: "integer_above_max_value"
            )
        }
        var batch = EmbeddingBatch(model, overflow: catalog.embeddingOverflow)
        for text in body.texts {
            if body.truncates, catalog.embeddingOverflow == .refuse {
                try batch.add(startOf: text, param: param)
            } else {
                try batch.add(text, param: param)
            }
        }
        let vectors =
            body.texts.isEmpty
            ? []
            : try await model.compute(
                batch.pieces,
                owner: Owner(request.principal),
                priority: .interactive,
                param: param
            )
        return withExtendedLifetime(lease) {
            OllamaEmbeddings(
                batch.vectors(from: vectors).map { $0.shortened(to: body.dimensions) },
                model: model.id,
                promptTokens: batch.tokenCount,
                total: start.duration(to: .now),
                load: load
            )
        }
    }
}
