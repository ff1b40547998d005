/// A request of Ollama's API for the vectors of texts: `POST /api/embed`.
package struct OllamaEmbedRequest: RequestBody, Equatable {
    package let model: String

    /// Without any, the request only loads the model.
    package let texts: [String]

    /// Whether texts that are too long are cut; otherwise they are refused.
    package let truncates: Bool

    /// How many of a vector's first numbers are wanted; nil: all.
    package let dimensions: Int?
    package let stay: OllamaSettings.Stay

    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            Self(
                model: try reader.required(OllamaModelRequest.model),
                texts: try reader.optional(Parameters.input) ?? [],
                truncates: try reader.optional(Parameters.truncate) ?? true,
                dimensions: try reader.optional(Parameters.dimensions).map { Int($0) },
                stay: try OllamaSettings.readStay(&reader)
            )
        }
    }

    private init(model: String, texts: [String], truncates: Bool, dimensions: Int?, stay: OllamaSettings.Stay) {
        self.model = model
        self.texts = texts
        self.truncates = truncates
        self.dimensions = dimensions
        self.stay = stay
    }

    /// The same in its old form, of one text: `POST /api/embeddings`.
    package struct Old: RequestBody, Equatable {
        package let request: OllamaEmbedRequest

        package init(json: JSONValue) throws(APIError) {
            request = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
                let model = try reader.required(OllamaModelRequest.model)
                let text = try reader.optional(Parameters.prompt) ?? ""
                return OllamaEmbedRequest(
                    model: model,
                    texts: text.isEmpty ? [] : [text],
                    truncates: true,
                    dimensions: nil,
                    stay: try OllamaSettings.readStay(&reader)
                )
            }
        }
    }

    private enum Parameters {
        static let input = Parameter("input", OllamaTextsShape())
        static let prompt = Parameter("prompt", StringShape())
        static let truncate = Parameter("truncate", BooleanShape())
        static let dimensions = Parameter("dimensions", IntegerShape(minimum: 1, maximum: Int64(Int32.max)))
    }
}

/// `input`: a text, or a list of texts.
private struct OllamaTextsShape: Shape {
    private static let text = StringShape(minimumLength: 1)
    private static let list = ListShape(of: text, maximumCount: 2_048)

    let name = ShapeName(singular: "one of a string or array of strings", plural: "strings or arrays of strings")
    var schema: JSONValue { .anyOf(StringShape(), Self.list) }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> [String] {
        if case .string(let text) = value { return text.isEmpty ? [] : [text] }
        guard case .array = value else { throw mismatch(value, at: path) }
        return try Self.list.decode(value, at: path)
    }
}

/// The answer to `POST /api/embed`.
package struct OllamaEmbeddings: JSONRepresentable {
    private let model: String
    private let vectors: [[Float]]
    private let promptTokens: Int
    private let total: Duration
    private let load: Duration

    /// - Parameters:
    ///   - vectors: One for each text.
    ///   - model: The one that embeds.
    ///   - promptTokens: Of all texts together.
    ///   - total: From the request to the answer.
    ///   - load: Until the model was there.
    package init(_ vectors: [[Float]], model: String, promptTokens: Int, total: Duration, load: Duration) {
        self.vectors = vectors
        self.model = model
        self.promptTokens = promptTokens
        self.total = total
        self.load = load
    }

    package var json: JSONValue {
        let nanoseconds = { (duration: Duration) in JSONValue.integer(Int64(duration / .nanoseconds(1))) }
        return [
            "model": .string(model), "embeddings": .array(vectors.map(Self.numbers)),
            "total_duration": nanoseconds(total), "load_duration": nanoseconds(load),
            "prompt_eval_count": JSONValue(promptTokens),
        ]
    }

    /// The same in the old form.
    package var old: JSONValue { ["embedding": vectors.first.map(Self.numbers) ?? []] }

    private static func numbers(_ vector: [Float]) -> JSONValue { .array(vector.map { .number(Double($0)) }) }
}
