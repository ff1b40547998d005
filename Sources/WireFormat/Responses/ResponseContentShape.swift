/// `content` of an item, or a tool's `output`: a text, or a list of parts.
struct ResponseContentShape: Shape {
    /// All types of parts of the API, those included that are not supported yet.
    enum Kind: String, CaseIterable {
        case inputText = "input_text"
        case inputImage = "input_image"
        case inputFile = "input_file"
        case inputAudio = "input_audio"
        case inputJSON = "input_json"
        case outputText = "output_text"
        case refusal
        case reasoningText = "reasoning_text"
        case summaryText = "summary_text"
    }

    /// What decisions are made about.
    static let decision: [Kind] = [.inputText, .inputImage, .inputJSON]

    /// The types that may stand here.
    let allows: [Kind]

    let name = ShapeName(singular: "one of a string or array of objects", plural: "strings or arrays of objects")

    var schema: JSONValue { .anyOf(StringShape(), ListShape(of: ResponsePartShape(allows: allows))) }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> [ContentPart] {
        switch value {
        case .string(let text): return [.text(text)]
        case .array: return try ListShape(of: ResponsePartShape(allows: allows)).decode(value, at: path)
        default: throw mismatch(value, at: path)
        }
    }
}

/// One part.
private struct ResponsePartShape: Shape {
    private enum Detail: String, CaseIterable {
        case auto, low, high, original
    }

    private enum Parameters {
        static let type = Parameter("type", ChoiceShape<ResponseContentShape.Kind>())
        static let text = Parameter("text", StringShape())
        static let refusal = Parameter("refusal", StringShape())
        static let data = Parameter("data", AnyShape())
        static let imageURL = Parameter("image_url", DataURLShape())
        /// How finely models elsewhere look at the image.
        static let detail = Parameter("detail", ChoiceShape<Detail>())
    }

    /// What clients send back with answers; and a hint for OpenAI's cache, which this server's needs not.
    private static let dormant: [DormantParameter] = [
        .accepts("annotations", ListShape(of: AnyShape())),
        .accepts("logprobs", ListShape(of: AnyShape())),
        .accepts("prompt_cache_breakpoint", MapShape(element: AnyShape())),
        .refuses("file_id"),
    ]

    let allows: [ResponseContentShape.Kind]

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> ContentPart {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            let kind = try reader.required(Parameters.type)
            guard allows.contains(kind) else {
                throw .unsupportedKind(kind.rawValue, at: path.member("type"), supported: allows)
            }
            try reader.check(Self.dormant)
            switch kind {
            case .refusal: return .text(try reader.required(Parameters.refusal))
            case .inputImage:
                _ = try reader.optional(Parameters.detail)
                let url = try reader.required(Parameters.imageURL)
                return .image(ImageSource(dataURL: url, path: path.member("image_url").name))
            case .inputJSON: return .text(try reader.required(Parameters.data).text)
            default: return .text(try reader.required(Parameters.text))
            }
        }
    }
}
