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
    /// At most 2,048 texts, none of them empty.
    package let input: TextInput
    package let encodingFormat: EncodingFormat
    /// How many of a vector's first numbers are wanted; nil: all.
    package let dimensions: Int?
    package let serviceTier: ServiceTier?
}

extension TextInput {
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
        static let input = Parameter(
            "input",
            TextInputShape(text: StringShape(minimumLength: 1), maximumCount: 2_048, plural: "inputs")
        )
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
    /// Those of embeddings and moderations: about the caller.
    static let caller: [DormantParameter] = [
        .accepts("user", StringShape()),
        .accepts("safety_identifier", StringShape(maximumLength: 64)),
    ]

    // llama.cpp's: vectors have length 1 here, which is its 2.
    fileprivate static let embeddings = caller + [.refuses("embd_normalize", except: [2])]
}
