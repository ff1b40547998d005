/// `content` of a message: a text, or a list of parts.
struct ChatContentShape: Shape {
    /// All types of parts of the API, those included that are not supported yet.
    enum Kind: String, CaseIterable {
        case text, refusal
        case imageURL = "image_url"
        case inputAudio = "input_audio"
        case file
    }

    /// The types that may stand here.
    let allows: [Kind]

    /// How many parts a list has at least.
    var minimumCount = 1

    let name = ShapeName(singular: "one of a string or array of objects", plural: "strings or arrays of objects")
    var schema: JSONValue { .anyOf(StringShape(), parts) }

    private var parts: ListShape<some Shape<ContentPart>> {
        ListShape(of: ContentPartShape(allows: allows), minimumCount: minimumCount)
    }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> [ContentPart] {
        switch value {
        case .string(let text): return [.text(text)]
        case .array: return try parts.decode(value, at: path)
        default: throw mismatch(value, at: path)
        }
    }
}

/// One part of a message's content.
private struct ContentPartShape: Shape {
    private enum Parameters {
        static let type = Parameter("type", ChoiceShape<ChatContentShape.Kind>())
        static let text = Parameter("text", StringShape())
        static let refusal = Parameter("refusal", StringShape())
        static let imageURL = Parameter("image_url", ImageURLShape())
        static let inputAudio = Parameter("input_audio", InputAudioShape())
    }

    /// A hint for OpenAI's cache; this server's cache needs none.
    private static let dormant: [DormantParameter] = [
        .accepts("prompt_cache_breakpoint", MapShape(element: AnyShape()))
    ]

    let allows: [ChatContentShape.Kind]

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> ContentPart {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            try reader.check(Self.dormant)
            let kind = try reader.required(Parameters.type)
            switch kind {
            case .text where allows.contains(kind): return .text(try reader.required(Parameters.text))
            case .refusal where allows.contains(kind): return .text(try reader.required(Parameters.refusal))
            case .imageURL where allows.contains(kind): return .image(try reader.required(Parameters.imageURL))
            case .inputAudio where allows.contains(kind): return .audio(try reader.required(Parameters.inputAudio))
            case .text, .refusal, .imageURL, .inputAudio, .file:
                throw .unsupportedKind(kind.rawValue, at: path.member("type"), supported: allows)
            }
        }
    }
}

/// `image_url` of a part: an object with the URL, which must hold the image itself.
private struct ImageURLShape: Shape {
    private enum Detail: String, CaseIterable {
        case auto, low, high, original
    }

    private enum Parameters {
        static let url = Parameter("url", DataURLShape())
        /// How finely models elsewhere look at the image.
        static let detail = Parameter("detail", ChoiceShape<Detail>())
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> ImageSource {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            _ = try reader.optional(Parameters.detail)
            let url = try reader.required(Parameters.url)
            return ImageSource(dataURL: url, path: path.name)
        }
    }
}

/// The URL of an image, which must hold the image itself.
struct DataURLShape: Shape {
    var name: ShapeName { .string }

    var schema: JSONValue { StringShape().schema }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> String {
        let url = try StringShape().decode(value, at: path)
        guard url.prefix(5).lowercased() == "data:" else {
            throw .invalidValue(
                "Invalid value for \(path.quoted): this server fetches nothing; send the image itself in a data: URL.",
                at: path
            )
        }
        return url
    }
}
