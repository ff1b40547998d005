/// One block of a message's content in Anthropic's API.
enum MessageBlock: Equatable {
    case part(ContentPart)
    case thinking(String)
    case call(ToolCall)
    case result(id: String, [ContentPart])
}

extension [MessageBlock] {
    /// Those that are texts or images.
    var parts: [ContentPart] { compactMap { if case .part(let part) = $0 { part } else { nil } } }
}

/// `content` of a message: a text, or a list of blocks.
struct MessageContentShape: Shape {
    /// All types of blocks that clients send, those included that nothing here can read.
    enum Kind: String, CaseIterable {
        case text, image, thinking, document
        case redactedThinking = "redacted_thinking"
        case toolUse = "tool_use"
        case toolResult = "tool_result"
        case searchResult = "search_result"
        case serverToolUse = "server_tool_use"
    }

    /// The types that may stand here.
    let allows: [Kind]

    let name = ShapeName(singular: "one of a string or array of objects", plural: "strings or arrays of objects")

    var schema: JSONValue { .anyOf(StringShape(), ListShape(of: MessageBlockShape(allows: allows))) }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> [MessageBlock] {
        switch value {
        case .string(let text): return [.part(.text(text))]
        case .array:
            return try ListShape(of: MessageBlockShape(allows: allows), maximumCount: 20_000).decode(value, at: path)
        default: throw mismatch(value, at: path)
        }
    }
}

/// One block.
private struct MessageBlockShape: Shape {
    typealias Kind = MessageContentShape.Kind

    private enum Parameters {
        static let type = Parameter("type", ChoiceShape<Kind>())
        static let text = Parameter("text", StringShape())
        static let thinking = Parameter("thinking", StringShape())
        static let source = Parameter("source", MessageImageShape())
        static let id = Parameter("id", StringShape(minimumLength: 1, maximumLength: 256))
        static let name = Parameter("name", StringShape(minimumLength: 1, maximumLength: 128))
        static let input = Parameter("input", MapShape(element: AnyShape()))
        static let callID = Parameter("tool_use_id", StringShape(minimumLength: 1, maximumLength: 256))
        static let content = Parameter("content", MessageContentShape(allows: [.text, .image]))
        static let isError = Parameter("is_error", BooleanShape())
    }

    /// Hints for a cache that needs none here, and what clients send back with an earlier answer.
    private static let dormant: [DormantParameter] = [
        .accepts("cache_control", MapShape(element: AnyShape())),
        .accepts("citations", AnyShape()),
        .accepts("signature", StringShape()),
        .accepts("caller", AnyShape()),
        .refuses("transformations", except: [[:]]),
        .refuses("toolset_name"),
    ]

    let allows: [Kind]

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> MessageBlock {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            let kind = try reader.required(Parameters.type)
            guard allows.contains(kind) else {
                throw .unsupportedKind(kind.rawValue, at: path.member("type"), supported: allows)
            }
            try reader.check(Self.dormant)
            switch kind {
            case .text: return .part(.text(try reader.required(Parameters.text)))
            case .image: return .part(.image(try reader.required(Parameters.source)))
            case .thinking: return .thinking(try reader.required(Parameters.thinking))
            case .toolUse:
                let input = try reader.required(Parameters.input)
                let members = input.map { JSONObject.Member(key: $0.key, value: $0.value) }
                return .call(
                    ToolCall(
                        id: try reader.required(Parameters.id),
                        name: try reader.required(Parameters.name),
                        arguments: JSONValue.object(JSONObject(members: members)).text
                    )
                )
            case .toolResult:
                var parts = try reader.optional(Parameters.content)?.parts ?? []
                // Templates know no other sign of it.
                if try reader.optional(Parameters.isError) ?? false { parts.insert(.text("Error:"), at: 0) }
                return .result(id: try reader.required(Parameters.callID), parts)
            case .document, .redactedThinking, .searchResult, .serverToolUse: throw .unsupported(path.member("type"))
            }
        }
    }
}

/// `source` of an image: the image itself.
private struct MessageImageShape: Shape {
    private enum Kind: String, CaseIterable {
        case base64, url, file
    }

    private enum MediaType: String, CaseIterable {
        case jpeg = "image/jpeg"
        case png = "image/png"
        case gif = "image/gif"
        case webp = "image/webp"
    }

    private enum Parameters {
        static let type = Parameter("type", ChoiceShape<Kind>())
        static let mediaType = Parameter("media_type", ChoiceShape<MediaType>())
        static let data = Parameter("data", StringShape(minimumLength: 1))
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> ImageSource {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            guard try reader.required(Parameters.type) == .base64 else {
                throw .invalidValue(
                    "Invalid value for \(path.member("type").quoted): this server fetches nothing; send the image itself, "
                        + "with the type 'base64'.",
                    at: path.member("type")
                )
            }
            let type = try reader.required(Parameters.mediaType)
            let data = try reader.required(Parameters.data)
            return ImageSource(dataURL: "data:\(type.rawValue);base64,\(data)", path: path.name)
        }
    }
}
