/// A request for the vectors of texts.
package struct EmbeddingRequest: RequestBody, Equatable {
    /// How vectors are written in the answer.
    package enum EncodingFormat: String, Sendable, CaseIterable {
        /// A list of numbers.
        case float
        /// 32-bit floating-point numbers, least significant byte first, in base64.
        case base64
    }

    /// The model asked for, or nil for the server's default.
    package let model: String?
    package let input: EmbeddingInput
    package let encodingFormat: EncodingFormat
    /// How many of a vector's first numbers are wanted; nil: all.
    package let dimensions: Int?
    package let serviceTier: ServiceTier?
}

/// What is to be embedded.
package enum EmbeddingInput: Sendable, Equatable {
    /// Not empty.
    case text(String)

    /// At least one text, at most 2,048; none is empty.
    case texts([String])

    /// At least one token id; none is negative.
    case tokens([Int])

    /// At least one list, at most 2,048; each as in `tokens`.
    case tokenLists([[Int]])

    /// What errors call the text of this place.
    package func parameter(_ place: Int) -> String {
        switch self {
        case .text, .tokens: "input"
        case .texts, .tokenLists: "input[\(place)]"
        }
    }
}

extension EmbeddingRequest {
    private enum Parameters {
        static let model = Parameter("model", StringShape(maximumLength: 1_000))
        static let input = Parameter("input", EmbeddingInputShape())
        static let encodingFormat = Parameter("encoding_format", ChoiceShape<EncodingFormat>())
        static let dimensions = Parameter("dimensions", IntegerShape(minimum: 1, maximum: Int64(Int32.max)))
        static let serviceTier = Parameter("service_tier", ChoiceShape<ServiceTier>())
    }

    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            let model = try reader.optional(Parameters.model)
            let input = try reader.required(Parameters.input)
            let format = try reader.optional(Parameters.encodingFormat)
            let dimensions = try reader.optional(Parameters.dimensions)
            let tier = try reader.optional(Parameters.serviceTier)
            try reader.check(DormantParameter.embeddings)
            return EmbeddingRequest(
                model: model,
                input: input,
                encodingFormat: format ?? .float,
                dimensions: dimensions.map { Int($0) },
                serviceTier: tier
            )
        }
    }
}

extension DormantParameter {
    /// Those of embeddings, rerank and moderations: about the caller.
    static let embeddings: [DormantParameter] = [
        .accepts("user", StringShape()),
        .accepts("safety_identifier", StringShape(maximumLength: 64)),
        // llama.cpp's: vectors have length 1 here, which is its 2.
        .refuses("embd_normalize", except: [2]),
    ]
}

/// `input` of embeddings: a text, texts, token ids, or lists of token ids.
struct EmbeddingInputShape: Shape {
    private static let maximumCount = 2_048
    private static let text = StringShape(minimumLength: 1)
    private static let token = IntegerShape(minimum: 0, maximum: Int64(Int32.max))
    private static let texts = ListShape(of: text, minimumCount: 1, maximumCount: maximumCount)
    private static let tokens = ListShape(of: token, minimumCount: 1)
    private static let tokenLists = ListShape(of: tokens, minimumCount: 1, maximumCount: maximumCount)

    let name = ShapeName(
        singular: "one of a string, array of strings, array of integers, or array of integer arrays",
        plural: "inputs"
    )

    var schema: JSONValue { .anyOf(Self.text, Self.texts, Self.tokens, Self.tokenLists) }

    /// The first element of an array says which kind of array it is.
    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> EmbeddingInput {
        switch value {
        case .string:
            return .text(try Self.text.decode(value, at: path))
        case .array(let elements):
            switch elements.first {
            case .integer, .number:
                return .tokens(try Self.tokens.decode(value, at: path).map { Int($0) })
            case .array:
                return .tokenLists(try Self.tokenLists.decode(value, at: path).map { $0.map { Int($0) } })
            case .string, nil:
                return .texts(try Self.texts.decode(value, at: path))
            case .some(let first):
                throw mismatch(first, at: path.element(0))
            }
        default:
            throw mismatch(value, at: path)
        }
    }
}
