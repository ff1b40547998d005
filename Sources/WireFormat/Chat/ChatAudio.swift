/// How the answers of a chat are spoken.
package struct ChatAudio: Sendable, Equatable {
    package enum Format: String, Sendable, CaseIterable {
        case wav, aac, mp3, flac, opus
        /// 24,000 samples a second of 16 bits, least significant byte first, without a header.
        case pcm16
    }

    package let voice: SpeechRequest.Voice
    package let format: Format
}

extension ChatAudio {
    private enum Modality: String, CaseIterable {
        case text, audio
    }

    private enum Parameters {
        static let modalities = Parameter(
            "modalities",
            ListShape(of: ChoiceShape<Modality>(), minimumCount: 1, maximumCount: 2)
        )
        static let audio = Parameter("audio", ChatAudioShape())
    }

    /// Reads `modalities` and `audio`.
    ///
    /// - Returns: Nil where nothing is to be spoken.
    static func read(_ reader: inout ObjectReader, isStreamed: Bool) throws(APIError) -> ChatAudio? {
        let modalities = try reader.optional(Parameters.modalities) ?? [.text]
        let audio = try reader.optional(Parameters.audio)
        let path = reader.path.member("modalities")
        guard modalities.contains(.audio) else {
            guard audio == nil else {
                throw .invalidValue(
                    "The 'audio' parameter is only allowed when 'modalities' is [\"text\", \"audio\"].",
                    at: reader.path.member("audio")
                )
            }
            return nil
        }
        // What is spoken has a transcript: there is no audio without text.
        guard modalities.contains(.text) else {
            throw .unsupportedValue("[\"audio\"]", at: path, supported: ["[\"text\"]", "[\"text\", \"audio\"]"])
        }
        guard let audio else { throw .missing(reader.path.member("audio")) }
        guard !isStreamed || audio.format == .pcm16 else {
            throw .unsupportedValue(
                "'\(audio.format.rawValue)' with 'stream'",
                at: reader.path.member("audio").member("format"),
                supported: ["'pcm16'"]
            )
        }
        return audio
    }
}

/// `audio` of a request: how answers are spoken.
private struct ChatAudioShape: Shape {
    private enum Parameters {
        static let voice = Parameter("voice", SpeechVoiceShape())
        static let format = Parameter("format", ChoiceShape<ChatAudio.Format>())
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> ChatAudio {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            ChatAudio(
                voice: try reader.required(Parameters.voice),
                format: try reader.required(Parameters.format)
            )
        }
    }
}

/// `audio` of an assistant's message: an earlier spoken answer.
struct SpokenReferenceShape: Shape {
    private static let id = Parameter("id", StringShape(minimumLength: 1, maximumLength: 256))

    /// What clients send back with an earlier answer; its transcript is known by its id.
    private static let dormant: [DormantParameter] = [
        .accepts("data", StringShape()), .accepts("transcript", StringShape()), .accepts("expires_at", IntegerShape()),
    ]

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> SpokenReference {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            let id = try reader.required(Self.id)
            try reader.check(Self.dormant)
            return SpokenReference(id: id, path: path.member("id").name)
        }
    }
}

/// `input_audio` of a part: a file of sound.
struct InputAudioShape: Shape {
    private enum Format: String, CaseIterable {
        case wav, mp3
    }

    private enum Parameters {
        static let data = Parameter("data", StringShape(minimumLength: 1))
        static let format = Parameter("format", ChoiceShape<Format>())
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> AudioSource {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            // The file itself says what it is.
            _ = try reader.required(Parameters.format)
            return AudioSource(base64: try reader.required(Parameters.data), path: path.member("data").name)
        }
    }
}
