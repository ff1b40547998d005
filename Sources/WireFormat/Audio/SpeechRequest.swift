/// A request for a text to be spoken.
package struct SpeechRequest: RequestBody, Equatable {
    package enum Format: String, Sendable, CaseIterable {
        case mp3, opus, aac, flac, wav, pcm
    }

    package enum StreamFormat: String, Sendable, CaseIterable {
        /// The bytes of the file.
        case audio
        /// Server-sent events that hold them.
        case sse
    }

    /// What speaks.
    package enum Voice: Sendable, Equatable {
        /// One that the server comes with.
        case named(String)
        /// A custom one, by its id.
        case custom(String)
    }

    /// Nil for the server's.
    package let model: String?
    /// Not empty.
    package let input: String
    package let voice: Voice
    package let format: Format
    package let streamFormat: StreamFormat
    /// 0.25 to 4.
    package let speed: Double
    /// A code such as `en` or `pt-BR`; nil to guess it.
    package let language: String?
    /// Of a neural model's draws; nil for the voice's own.
    package let seed: UInt32?
}

extension SpeechRequest {
    private enum Parameters {
        static let model = Parameter("model", StringShape(maximumLength: 1_000))
        static let input = Parameter("input", StringShape(minimumLength: 1))
        static let voice = Parameter("voice", SpeechVoiceShape())
        static let responseFormat = Parameter("response_format", ChoiceShape<Format>())
        static let format = Parameter("format", ChoiceShape<Format>())
        static let streamFormat = Parameter("stream_format", ChoiceShape<StreamFormat>())
        static let speed = Parameter("speed", DecimalShape(range: 0.25...4))
        static let language = Parameter("language", StringShape(minimumLength: 2, maximumLength: 35))
        // The last number of 32 bits stands for chance in llama.cpp.
        static let seed = Parameter("seed", IntegerShape(minimum: 0, maximum: 4_294_967_294))
    }

    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            let model = try reader.optional(Parameters.model)
            let input = try reader.required(Parameters.input)
            let voice = try reader.optional(Parameters.voice)
            let responseFormat = try reader.optional(Parameters.responseFormat)
            let format = try reader.optional(Parameters.format)
            let streamFormat = try reader.optional(Parameters.streamFormat)
            let speed = try reader.optional(Parameters.speed)
            let language = try reader.optional(Parameters.language)
            let seed = try reader.optional(Parameters.seed)
            try reader.check(DormantParameter.speech)
            return SpeechRequest(
                model: model,
                input: input,
                voice: voice ?? .named("alloy"),
                format: responseFormat ?? format ?? .mp3,
                streamFormat: streamFormat ?? .audio,
                speed: speed ?? 1,
                language: language,
                seed: seed.map { UInt32($0) }
            )
        }
    }

    /// Refuses a longer text, in characters.
    package func checkLength(limit: Int) throws(APIError) {
        _ = try StringShape(maximumLength: limit).decode(.string(input), at: .root.member(Parameters.input.name))
    }
}

extension DormantParameter {
    fileprivate static let speech: [DormantParameter] = [
        // No engine has an ear for them.
        .refuses("instructions", except: [""]),
        // The file is sent as it is made either way.
        .accepts("stream", BooleanShape()),
        .accepts("user", StringShape()),
        .accepts("safety_identifier", StringShape(maximumLength: 64)),
    ]
}

/// A voice: its name, or an object with the id of a custom one.
struct SpeechVoiceShape: Shape {
    private static let text = StringShape(minimumLength: 1, maximumLength: 256)
    private static let id = Parameter("id", text)

    let name = ShapeName(
        singular: "one of a string or an object with an id",
        plural: "strings or objects with an id"
    )

    var schema: JSONValue {
        ["anyOf": [Self.text.schema, ["type": "object", "properties": ["id": Self.text.schema], "required": ["id"]]]]
    }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> SpeechRequest.Voice {
        switch value {
        case .string: return .named(try Self.text.decode(value, at: path))
        case .object:
            return .custom(
                try ObjectReader.read(value, at: path) { reader throws(APIError) in try reader.required(Self.id) }
            )
        default: throw mismatch(value, at: path)
        }
    }
}
