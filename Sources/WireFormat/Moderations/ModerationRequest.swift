/// A request to say whether texts are harmful.
package struct ModerationRequest: RequestBody, Equatable {
    /// The model asked for, or nil for the server's default.
    package let model: String?
    /// At least one, at most 2,048, each judged by itself; an empty one is harmless.
    package let texts: [String]
}

extension ModerationRequest {
    private enum Parameters {
        static let model = Parameter("model", StringShape(maximumLength: 1_000))
        static let input = Parameter("input", ModerationInputShape())
    }

    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            let model = try reader.optional(Parameters.model)
            let texts = try reader.required(Parameters.input)
            try reader.check(DormantParameter.caller)
            return ModerationRequest(model: model, texts: texts)
        }
    }
}

/// `input` of moderations: a text, texts, or the parts of one text.
struct ModerationInputShape: Shape {
    private static let text = StringShape()
    private static let texts = ListShape(of: text, minimumCount: 1, maximumCount: 2_048)
    private static let parts = ListShape(of: ModerationPartShape(), minimumCount: 1, maximumCount: 2_048)

    let name = ShapeName(singular: "one of a string, array of strings, or array of objects", plural: "inputs")

    var schema: JSONValue { .anyOf(Self.text, Self.texts, Self.parts) }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> [String] {
        switch value {
        case .string(let text):
            return [text]
        case .array(let elements):
            guard case .object? = elements.first else { return try Self.texts.decode(value, at: path) }
            // Parts are judged together, as OpenAI does.
            return [try Self.parts.decode(value, at: path).joined(separator: "\n")]
        default:
            throw mismatch(value, at: path)
        }
    }
}

/// One part of what is judged together; images are refused.
struct ModerationPartShape: Shape {
    private enum Kind: String, CaseIterable {
        case text, imageURL = "image_url"
    }

    private static let type = Parameter("type", ChoiceShape<Kind>())
    private static let text = Parameter("text", StringShape())

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> String {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            guard try reader.required(Self.type) == .text else {
                throw .unsupportedValue("'image_url'", at: path.member("type"), supported: ["'text'"])
            }
            return try reader.required(Self.text)
        }
    }
}
