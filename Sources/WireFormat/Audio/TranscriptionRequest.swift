/// A request for a sound to be transcribed: a form with the file.
package struct TranscriptionRequest: FormRequest, Equatable {
    package enum Format: String, Sendable, CaseIterable {
        case json, text, srt, vtt
        case verboseJSON = "verbose_json"
        /// Refused: no model here tells who speaks.
        case diarizedJSON = "diarized_json"
    }

    package enum Granularity: String, Sendable, CaseIterable {
        case word, segment
    }

    package enum Inclusion: String, Sendable, CaseIterable {
        case logprobs
    }

    /// How the sound is taken apart.
    package enum Chunking: Sendable, Equatable {
        case auto
        case serverVAD(ServerVAD)
    }

    /// The numbers of voice activity detection.
    package struct ServerVAD: Sendable, Equatable {
        package let threshold: Double
        /// Of sound before speech, in milliseconds.
        package let prefixPadding: Int
        /// Of silence that ends a piece, in milliseconds.
        package let silenceDuration: Int
    }

    package let file: FormFile
    /// Nil for the default.
    package let model: String?
    /// A code or an English name; nil to find it.
    package let language: String?
    /// Those that it may be; empty for any.
    package let languages: [String]
    /// What may occur.
    package let keywords: [String]
    /// What goes before.
    package let prompt: String
    package let format: Format
    /// 0 to 1.
    package let temperature: Double
    package let includesLogprobs: Bool
    package let granularities: Set<Granularity>
    package let streams: Bool
    /// Nil for one block.
    package let chunking: Chunking?
    /// Into English.
    package let translates: Bool
}

extension TranscriptionRequest {
    private enum Parameters {
        static let file = Parameter("file", FormFileShape())
        static let model = Parameter("model", StringShape(maximumLength: 1_000))
        static let language = Parameter("language", StringShape(maximumLength: 64))
        static let languages = Parameter(
            "languages",
            OneOrMany(StringShape(minimumLength: 1, maximumLength: 64), most: 100)
        )
        static let keywords = Parameter("keywords", OneOrMany(StringShape(maximumLength: 256), most: 100))
        static let prompt = Parameter("prompt", StringShape(maximumLength: 100_000))
        static let format = Parameter("response_format", ChoiceShape<Format>())
        static let temperature = Parameter("temperature", FormText(DecimalShape(range: 0...1)))
        static let include = Parameter("include", OneOrMany(ChoiceShape<Inclusion>(), most: 8))
        static let granularities = Parameter("timestamp_granularities", OneOrMany(ChoiceShape<Granularity>(), most: 8))
        static let stream = Parameter("stream", FormText(BooleanShape()))
        static let chunking = Parameter("chunking_strategy", FormText(ChunkingShape()))
    }

    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            let language = try reader.optional(Parameters.language)
            let languages = try reader.optional(Parameters.languages) ?? []
            let keywords = try reader.optional(Parameters.keywords) ?? []
            let include = try reader.optional(Parameters.include) ?? []
            let granularities = try reader.optional(Parameters.granularities) ?? []
            let streams = try reader.optional(Parameters.stream) ?? false
            let chunking = try reader.optional(Parameters.chunking)
            try reader.check([.refuses("known_speaker_names"), .refuses("known_speaker_references")])
            let common = try Common(&reader)
            try common.check(granularities: granularities, include: include, streams: streams)
            return TranscriptionRequest(
                file: common.file,
                model: common.model,
                // An empty field is what forms of web pages send for none.
                language: language == "" ? nil : language,
                languages: languages,
                keywords: keywords.filter { !$0.isEmpty },
                prompt: common.prompt,
                format: common.format,
                temperature: common.temperature,
                includesLogprobs: !include.isEmpty,
                granularities: granularities.isEmpty ? [.segment] : Set(granularities),
                streams: streams,
                chunking: chunking,
                translates: false
            )
        }
    }

    /// What both requests have.
    fileprivate struct Common {
        let file: FormFile
        let model: String?
        let prompt: String
        let format: Format
        let temperature: Double

        init(_ reader: inout ObjectReader) throws(APIError) {
            file = try reader.required(Parameters.file)
            model = try reader.optional(Parameters.model)
            prompt = try reader.optional(Parameters.prompt) ?? ""
            format = try reader.optional(Parameters.format) ?? .json
            temperature = try reader.optional(Parameters.temperature) ?? 0
            guard format != .diarizedJSON else {
                let supported = Format.allCases.filter { $0 != .diarizedJSON }.map(\.rawValue)
                throw .unsupportedValue(
                    "'\(format.rawValue)'",
                    at: reader.path.member(Parameters.format.name),
                    supported: supported
                )
            }
        }

        func check(granularities: [Granularity], include: [Inclusion], streams: Bool) throws(APIError) {
            if !granularities.isEmpty, format != .verboseJSON {
                throw .needs("timestamp_granularities", "response_format 'verbose_json'")
            }
            if !include.isEmpty, format != .json { throw .needs("include", "response_format 'json'") }
            if streams, format != .json, format != .text {
                throw .needs("stream", "response_format 'json' or 'text'")
            }
        }
    }
}

/// A request for a sound to be translated into English.
package struct TranslationRequest: FormRequest, Equatable {
    /// The same as a request for a transcription that translates.
    package let transcription: TranscriptionRequest

    package init(json: JSONValue) throws(APIError) {
        transcription = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            let common = try TranscriptionRequest.Common(&reader)
            return TranscriptionRequest(
                file: common.file,
                model: common.model,
                language: nil,
                languages: [],
                keywords: [],
                prompt: common.prompt,
                format: common.format,
                temperature: common.temperature,
                includesLogprobs: false,
                granularities: [.segment],
                streams: false,
                chunking: nil,
                translates: true
            )
        }
    }
}

extension APIError {
    fileprivate static func needs(_ name: String, _ what: String) -> APIError {
        .invalidValue("Invalid '\(name)': it needs \(what).", at: .root.member(name))
    }
}

/// `auto`, or an object with the numbers of voice activity detection.
private struct ChunkingShape: Shape {
    private enum Strategy: String, CaseIterable, Sendable { case auto }
    private enum Kind: String, CaseIterable, Sendable { case serverVAD = "server_vad" }

    private static let type = Parameter("type", ChoiceShape<Kind>())
    private static let threshold = Parameter("threshold", FormText(DecimalShape(range: 0...1)))
    private static let prefix = Parameter(
        "prefix_padding_ms",
        FormText(IntegerShape(minimum: 0, maximum: 10_000))
    )
    private static let silence = Parameter(
        "silence_duration_ms",
        FormText(IntegerShape(minimum: 0, maximum: 60_000))
    )

    let name = ShapeName(
        singular: "'auto' or an object of type server_vad",
        plural: "strings or objects of type server_vad"
    )

    var schema: JSONValue {
        [
            "anyOf": [
                ChoiceShape<Strategy>().schema,
                [
                    "type": "object",
                    "properties": [
                        "type": ChoiceShape<Kind>().schema, "threshold": Self.threshold.shape.schema,
                        "prefix_padding_ms": Self.prefix.shape.schema,
                        "silence_duration_ms": Self.silence.shape.schema,
                    ],
                    "required": ["type"],
                ],
            ]
        ]
    }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> TranscriptionRequest.Chunking {
        switch value {
        case .string:
            _ = try ChoiceShape<Strategy>().decode(value, at: path)
            return .auto
        case .object:
            return .serverVAD(
                try ObjectReader.read(value, at: path) { reader throws(APIError) in
                    _ = try reader.required(Self.type)
                    return TranscriptionRequest.ServerVAD(
                        threshold: try reader.optional(Self.threshold) ?? 0.5,
                        prefixPadding: Int(try reader.optional(Self.prefix) ?? 300),
                        silenceDuration: Int(try reader.optional(Self.silence) ?? 200)
                    )
                }
            )
        default: throw mismatch(value, at: path)
        }
    }
}
