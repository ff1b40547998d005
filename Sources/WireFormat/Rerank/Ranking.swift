/// The answer to a rerank request: documents by their scores, the best first.
package struct Ranking: JSONRepresentable, Equatable {
    /// One document.
    package struct Entry: Sendable, Equatable {
        /// Its place in the request.
        package let index: Int
        package let score: Float
        /// Where it was asked for.
        package let text: String?

        package init(index: Int, score: Float, text: String?) {
            self.index = index
            self.score = score
            self.text = text
        }
    }

    package let id: String
    package let model: String
    package let entries: [Entry]
    package let promptTokens: Int
    /// What the scores are, where they are not a reranker's.
    package let note: String?

    package init(id: String, model: String, entries: [Entry], promptTokens: Int, note: String?) {
        self.id = id
        self.model = model
        self.entries = entries
        self.promptTokens = promptTokens
        self.note = note
    }

    /// The members that Jina's, Cohere's and llama-server's clients read, and the note as a warning in Cohere's form too.
    package var json: JSONValue {
        var meta = JSONObject([
            ("api_version", ["version": "2"]),
            ("tokens", ["input_tokens": JSONValue(promptTokens), "output_tokens": 0]),
        ])
        if let note { meta.append("warnings", [.string(note)]) }
        var object = JSONObject([
            ("id", .string(id)),
            ("object", "list"),
            ("model", .string(model)),
            ("results", .array(entries.map(\.json))),
            ("usage", .promptUsage(promptTokens)),
            ("meta", .object(meta)),
        ])
        if let note { object.append("note", .string(note)) }
        return .object(object)
    }
}

extension Ranking.Entry {
    fileprivate var json: JSONValue {
        var object = JSONObject([
            ("index", JSONValue(index)),
            ("relevance_score", .number(Double(score.description) ?? Double(score))),
        ])
        if let text { object.append("document", ["text": .string(text)]) }
        return .object(object)
    }
}
