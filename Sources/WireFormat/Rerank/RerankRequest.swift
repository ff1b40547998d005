/// A request to order documents by how well they answer a query, in the forms of Jina, Cohere and llama-server.
package struct RerankRequest: RequestBody, Equatable {
    /// The model asked for, or nil for the server's default.
    package let model: String?
    /// Not empty.
    package let query: String
    /// At least one, at most 2,048; none is empty.
    package let documents: [String]
    /// How many of the best are told; nil: all.
    package let count: Int?
    package let returnsDocuments: Bool
    /// How many tokens of each document are read; nil: all, and one that is longer than the model takes is refused.
    package let maximumTokens: Int?
    package let serviceTier: ServiceTier?
}

extension RerankRequest {
    private enum Parameters {
        static let model = Parameter("model", StringShape(maximumLength: 1_000))
        static let query = Parameter("query", StringShape(minimumLength: 1))
        static let documents = Parameter("documents", documentList)
        static let topN = Parameter("top_n", IntegerShape(minimum: 1, maximum: Int64(Int32.max)))
        static let returnDocuments = Parameter("return_documents", BooleanShape())
        static let maxTokens = Parameter("max_tokens_per_doc", IntegerShape(minimum: 1, maximum: Int64(Int32.max)))
        static let serviceTier = Parameter("service_tier", ChoiceShape<ServiceTier>())
        private static let documentList = ListShape(of: RerankDocumentShape(), minimumCount: 1, maximumCount: 2_048)
    }

    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            let model = try reader.optional(Parameters.model)
            let query = try reader.required(Parameters.query)
            let documents = try reader.required(Parameters.documents)
            let count = try reader.optional(Parameters.topN)
            let returnsDocuments = try reader.optional(Parameters.returnDocuments)
            let maximumTokens = try reader.optional(Parameters.maxTokens)
            let tier = try reader.optional(Parameters.serviceTier)
            try reader.check(DormantParameter.rerank)
            return RerankRequest(
                model: model,
                query: query,
                documents: documents,
                count: count.map { Int($0) },
                returnsDocuments: returnsDocuments ?? false,
                maximumTokens: maximumTokens.map { Int($0) },
                serviceTier: tier
            )
        }
    }
}

extension DormantParameter {
    /// Those of rerank.
    fileprivate static let rerank: [DormantParameter] = [
        .accepts("user", StringShape()),
        .accepts("priority", IntegerShape(minimum: 0, maximum: 999)),
        .refuses("rank_fields", except: [["text"]]),
        .refuses("max_chunks_per_doc"),
    ]
}

/// A document: a text, or an object with one.
struct RerankDocumentShape: Shape {
    private static let text = StringShape(minimumLength: 1)
    private static let member = Parameter("text", text)

    let name = ShapeName(singular: "one of a string or an object with a text", plural: "strings or objects with a text")

    var schema: JSONValue {
        [
            "anyOf": [
                Self.text.schema,
                ["type": "object", "properties": ["text": Self.text.schema], "required": ["text"]],
            ]
        ]
    }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> String {
        switch value {
        case .string:
            return try Self.text.decode(value, at: path)
        case .object:
            return try ObjectReader.read(value, at: path) { reader throws(APIError) in
                try reader.required(Self.member)
            }
        default:
            throw mismatch(value, at: path)
        }
    }
}
