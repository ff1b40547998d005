import HTTP
import Scheduling
import Tokenizer
import WireFormat

extension Routes {
    /// Tokens that are judged together: what is harmful in a longer text would drown in what is not.
    private static let moderatedTokens = 96
    /// Tokens of the longest text that is judged: as many as OpenAI's model reads.
    private static let longestModeratedText = 32_768

    /// Answers `POST /v1/moderations`: by a guard model where there is one, or else by how much a text's embedding is like
    /// those of examples.
    func moderations(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try request.decode(ModerationRequest.self)
        if let model = catalog.guardModel(body.model) { return try await moderations(body, by: model, request) }
        let lease = try await catalog.leaseModerator(body.model)
        let classifier = try await catalog.moderator.classifier(lease)
        var pieces: [[Float]] = []
        // A long text is as bad as its worst part; an empty one has none.
        var parts: [Range<Int>] = []
        var batch = EmbeddingBatch(lease.model, overflow: .window, window: Self.moderatedTokens)
        for (place, text) in body.texts.enumerated() {
            let start = batch.pieces.count
            if !text.isEmpty {
                let param = body.texts.count == 1 ? "input" : "input[\(place)]"
                try batch.add(try Self.moderatedTokens(of: text, lease.model, param: param), param: param)
            }
            parts.append(start..<batch.pieces.count)
        }
        if !batch.pieces.isEmpty {
            pieces = try await lease.model.compute(
                batch.pieces,
                owner: Owner(request.principal),
                priority: .interactive,
                param: "input"
            )
        }
        return .json(
            Moderation(
                id: ResponseID.make("modr-"),
                model: body.model ?? lease.model.id,
                results: parts.map { range in .worst(pieces[range].map { classifier.judge($0.normalized) }) }
            )
        )
    }

    /// - Throws: 400 for a text of more tokens than are judged: each of its windows costs a pass of the model.
    private static func moderatedTokens(
        of text: String,
        _ model: EmbeddingModel,
        param: String
    ) throws(APIError) -> [Token] {
        let tokens = try model.tokens(of: text, param: param, maximumBytes: longestModeratedText * 128)
        guard tokens.count <= longestModeratedText else {
            throw .invalidRequest(
                "Invalid '\(param)': texts of up to \(longestModeratedText) tokens are judged, but this one has "
                    + "\(tokens.count). Please reduce its length.",
                param: param,
                code: "context_length_exceeded"
            )
        }
        return tokens
    }

    /// Has a guard model judge each text as the user's turn of a conversation, by how likely it finds its verdicts.
    private func moderations(
        _ body: ModerationRequest,
        by model: ServableModel,
        _ request: HTTPRequest
    ) async throws -> HTTPResponse {
        let lease = try await catalog.lease(model.id)
        var results: [Moderation.Result] = []
        for (place, text) in body.texts.enumerated() {
            guard !text.isEmpty else {
                results.append(Moderation.Result(scores: [:], flagged: []))
                continue
            }
            let param = body.texts.count == 1 ? "input" : "input[\(place)]"
            let prompt = try await lease.model.prompt(Conversation([Turn(.user, text)]), param: param)
            // Where the template does not end the line of the assistant's name, its answers do.
            let opening = prompt.text.hasSuffix("\n") ? "" : "\n\n"
            let scores = try await OptionScores(
                GuardModel.verdicts.map { opening + $0 },
                behind: prompt.content,
                lease: lease,
                owner: Owner(request.principal),
                param: param
            )
            results.append(GuardModel.result(scores.probabilities))
        }
        return .json(Moderation(id: ResponseID.make("modr-"), model: body.model ?? model.id, results: results))
    }
}
