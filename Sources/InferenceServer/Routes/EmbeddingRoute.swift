import HTTP
import Scheduling
import Tokenizer
import WireFormat

extension Routes {
    /// Answers `POST /v1/embeddings`, and `POST /v1/engines/{engine}/embeddings`.
    func embeddings(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try request.decode(EmbeddingRequest.self)
        let name = try modelName(request, body.model)
        let lease = try await catalog.leaseEmbedding(name)
        let model = lease.model
        if let dimensions = body.dimensions, dimensions > model.dimensions {
            throw APIError.invalidRequest(
                "Invalid 'dimensions': this model's vectors have \(model.dimensions) dimensions, "
                    + "but \(dimensions) were asked for.",
                param: "dimensions",
                code: "integer_above_max_value"
            )
        }
        var batch = EmbeddingBatch(model, overflow: catalog.embeddingOverflow)
        try batch.add(body.input, isOpenAIs: !catalog.has(name), model: model)
        let vectors = try await model.compute(
            batch.pieces,
            owner: Owner(request.principal),
            priority: Priority(body.serviceTier),
            param: "input"
        )
        return .json(
            EmbeddingList(
                model: model.id,
                vectors: batch.vectors(from: vectors).map { $0.shortened(to: body.dimensions) },
                encodingFormat: body.encodingFormat,
                promptTokens: batch.tokenCount
            )
        )
    }
}

extension EmbeddingBatch {
    /// Adds what a request wants embedded.
    ///
    /// - Parameters:
    ///   - input: The request's.
    ///   - isOpenAIs: Whether the model was called by a name of OpenAI's: tokens are then those that its model reads.
    ///   - model: The one that embeds.
    /// - Throws: 400 that names the text at fault.
    fileprivate mutating func add(
        _ input: TextInput,
        isOpenAIs: Bool,
        model: EmbeddingModel
    ) throws(APIError) {
        switch input {
        case .text(let text): try add(text, param: input.parameter(0))
        case .texts(let texts):
            for (place, text) in texts.enumerated() { try add(text, param: input.parameter(place)) }
        case .tokens(let ids): try add(ids, isOpenAIs: isOpenAIs, model, param: input.parameter(0))
        case .tokenLists(let lists):
            for (place, ids) in lists.enumerated() {
                try add(ids, isOpenAIs: isOpenAIs, model, param: input.parameter(place))
            }
        }
    }

    private mutating func add(
        _ ids: [Int],
        isOpenAIs: Bool,
        _ model: EmbeddingModel,
        param: String
    ) throws(APIError) {
        guard isOpenAIs else { return try add(try model.checked(ids, param: param), param: param) }
        guard let text = OpenAIEncoding.cl100k.decode(ids) else { throw .unknownOpenAIToken(param) }
        try add(text, param: param)
    }
}
