import HTTP
import Scheduling
import Tokenizer
import WireFormat

extension Routes {
    /// What a client is told where similarity stands in for a reranker.
    static let similarityNote =
        "No reranking model is installed: relevance_score is the cosine similarity of the embeddings of query and document."

    /// Answers `POST /v1/rerank`, by a reranker's scores, or without one by the similarity of embeddings.
    func rerank(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try request.decode(RerankRequest.self)
        let lease = try await catalog.leaseReranker(body.model)
        let model = lease.model
        let texts = try model.ranks ? model.pairs(body) : model.texts(body)
        let results = try await model.compute(
            texts,
            owner: Owner(request.principal),
            priority: Priority(body.serviceTier),
            param: "documents"
        )
        let scores: [Float]
        if model.ranks {
            scores = results.map { $0.first ?? 0 }
        } else {
            let query = results[0].normalized
            scores = results.dropFirst().map { query.dot($0.normalized) }
        }
        let order = scores.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }
        return .json(
            Ranking(
                id: ResponseID.make("rerank-"),
                model: model.id,
                entries: order.prefix(body.count ?? order.count).map { index in
                    Ranking.Entry(
                        index: index,
                        score: scores[index],
                        text: body.returnsDocuments ? body.documents[index] : nil
                    )
                },
                promptTokens: texts.reduce(0) { $0 + $1.count },
                note: model.ranks ? nil : Self.similarityNote
            )
        )
    }
}

extension EmbeddingModel {
    /// The query and then the documents, each as a text.
    ///
    /// - Throws: 400 where one is too long.
    fileprivate func texts(_ body: RerankRequest) throws(APIError) -> [[Token]] {
        var batch = EmbeddingBatch(self, overflow: .refuse)
        try batch.add(body.query, param: "query")
        var texts = batch.pieces
        for (place, document) in body.documents.enumerated() {
            let param = "documents[\(place)]"
            let tokens = try tokens(of: document, param: param, in: body)
            try checkFits(tokens, param: param)
            texts.append(enclosed(tokens))
        }
        return texts
    }

    /// The query with each document, as rerankers are trained to see them.
    ///
    /// - Throws: 400 where a pair is too long.
    fileprivate func pairs(_ body: RerankRequest) throws(APIError) -> [[Token]] {
        var pairs: [[Token]] = []
        for (place, document) in body.documents.enumerated() {
            let param = "documents[\(place)]"
            let pair = try pair(body, document, param: param)
            guard pair.count <= maxTokens else {
                throw .invalidRequest(
                    "Invalid '\(param)': this model's maximum context length is \(maxTokens) tokens, but query and "
                        + "document have \(pair.count). Please reduce the length of the document.",
                    param: param,
                    code: "context_length_exceeded"
                )
            }
            pairs.append(pair)
        }
        return pairs
    }

    private func pair(_ body: RerankRequest, _ document: String, param: String) throws(APIError) -> [Token] {
        let query = try tokens(of: body.query, param: "query", maximumBytes: max(1 << 16, maxTokens * 128))
        let document = try tokens(of: document, param: param, in: body)
        guard let rankTemplate else {
            // Of WordPiece's the separator is what ends a text already.
            let needsSeparator = vocabulary.addsSeparator && vocabulary.kind != .wordPiece
            let separator = needsSeparator ? [vocabulary.separator].compactMap(\.self) : []
            return opening + query + closing + separator + document + closing
        }
        var tokens: [Token] = []
        for piece in RankTemplate(rankTemplate).pieces {
            switch piece {
            case .query: tokens += query
            case .document: tokens += document
            case .text(let text):
                do {
                    tokens += try vocabulary.encode(text, addSpecial: false, parseSpecial: true)
                } catch {
                    throw .internalServer
                }
            }
        }
        return tokens
    }

    private func tokens(of document: String, param: String, in body: RerankRequest) throws(APIError) -> [Token] {
        let all = try tokens(of: document, param: param, maximumBytes: 8 << 20)
        return body.maximumTokens.map { Array(all.prefix($0)) } ?? all
    }
}

/// The text that a reranker of the kind of language models wants, with gaps for query and document.
struct RankTemplate {
    enum Piece: Equatable {
        case query, document
        case text(String)
    }

    let pieces: [Piece]

    /// - Parameter template: With `{query}` and `{document}`.
    init(_ template: String) {
        var pieces: [Piece] = []
        var rest = template[...]
        while !rest.isEmpty {
            let gaps: [(Range<Substring.Index>, Piece)] = [("{query}", Piece.query), ("{document}", Piece.document)]
                .compactMap { name, piece in rest.firstRange(of: name).map { ($0, piece) } }
            guard let (range, piece) = gaps.min(by: { $0.0.lowerBound < $1.0.lowerBound }) else {
                pieces.append(.text(String(rest)))
                break
            }
            if range.lowerBound > rest.startIndex { pieces.append(.text(String(rest[..<range.lowerBound]))) }
            pieces.append(piece)
            rest = rest[range.upperBound...]
        }
        self.pieces = pieces
    }
}
