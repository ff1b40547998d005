/// `content` of a message: a text, or a list of parts.
struct ChatContentShape: Shape {
    /// Only answers may hold refusals.
    let isFromAssistant: Bool

    let name = ShapeName(singular: "one of a string or array of objects", plural: "strings or arrays of objects")
    var schema: JSONValue { .anyOf(StringShape(), parts) }

    private var parts: ListShape<some Shape<String>> {
        ListShape(of: ContentPartShape(allowsRefusal: isFromAssistant), minimumCount: 1)
    }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> String {
        switch value {
        case .string(let text):
            return text
        case .array:
            // A line feed keeps the last word of a part and the first of the next apart.
            return try parts.decode(value, at: path).joined(separator: "\n")
        default:
            throw mismatch(value, at: path)
        }
    }
}

/// One part of a message's content.
private struct ContentPartShape: Shape {
    /// All types of the API, those included that are not supported yet.
    private enum Kind: String, CaseIterable {
        case text, refusal, imageURL = "image_url", inputAudio = "input_audio", file
    }

    private enum Parameters {
        static let type = Parameter("type", ChoiceShape<Kind>())
        static let text = Parameter("text", StringShape())
        static let refusal = Parameter("refusal", StringShape())
    }

    /// A hint for OpenAI's cache; this server's cache needs none.
    private static let dormant: [DormantParameter] = [
        .accepts("prompt_cache_breakpoint", MapShape(element: AnyShape()))
    ]

    let allowsRefusal: Bool

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> String {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            try reader.check(Self.dormant)
            let kind = try reader.required(Parameters.type)
            switch kind {
            case .text:
                return try reader.required(Parameters.text)
            case .refusal where allowsRefusal:
                return try reader.required(Parameters.refusal)
            case .refusal, .imageURL, .inputAudio, .file:
                throw .unsupportedValue(
                    "'\(kind.rawValue)'",
                    at: path.member("type"),
                    supported: allowsRefusal ? ["'text'", "'refusal'"] : ["'text'"]
                )
            }
        }
    }
}
