/// A transcription as clients see it.
package struct TranscriptionObject: Sendable, Equatable {
    package struct Segment: Sendable, Equatable {
        package var id: Int
        /// In frames of 10 ms.
        package var seek: Int
        /// In seconds, as the end.
        package var start: Double
        package var end: Double
        package var text: String
        package var tokens: [Int]
        package var temperature: Double
        package var averageLogprob: Double
        package var compressionRatio: Double
        package var noSpeechProbability: Double

        package init(
            id: Int,
            seek: Int,
            start: Double,
            end: Double,
            text: String,
            tokens: [Int],
            temperature: Double,
            averageLogprob: Double,
            compressionRatio: Double,
            noSpeechProbability: Double
        ) {
            self.id = id
            self.seek = seek
            self.start = start
            self.end = end
            self.text = text
            self.tokens = tokens
            self.temperature = temperature
            self.averageLogprob = averageLogprob
            self.compressionRatio = compressionRatio
            self.noSpeechProbability = noSpeechProbability
        }
    }

    package struct Word: Sendable, Equatable {
        package var word: String
        /// In seconds, as the end.
        package var start: Double
        package var end: Double

        package init(word: String, start: Double, end: Double) {
            self.word = word
            self.start = start
            self.end = end
        }
    }

    package struct Logprob: JSONRepresentable, Sendable, Equatable {
        package var bytes: [UInt8]
        package var logprob: Double

        package init(bytes: [UInt8], logprob: Double) {
            self.bytes = bytes
            self.logprob = logprob
        }

        package var json: JSONValue {
            [
                "token": .string(String(decoding: bytes, as: UTF8.self)),
                "logprob": .number(logprob),
                "bytes": .array(bytes.map { JSONValue(Int($0)) }),
            ]
        }
    }

    /// What was heard and written.
    package enum Usage: JSONRepresentable, Sendable, Equatable {
        case duration(seconds: Double)
        case tokens(text: Int, audio: Int, output: Int)

        package var json: JSONValue {
            switch self {
            case .duration(let seconds): ["type": "duration", "seconds": .number(seconds.rounded(.up))]
            case .tokens(let text, let audio, let output):
                [
                    "type": "tokens",
                    "input_tokens": JSONValue(text + audio),
                    "input_token_details": ["text_tokens": JSONValue(text), "audio_tokens": JSONValue(audio)],
                    "output_tokens": JSONValue(output),
                    "total_tokens": JSONValue(text + audio + output),
                ]
            }
        }
    }

    /// `transcribe` or `translate`.
    package var task: String
    /// An English name.
    package var language: String
    /// Its code.
    package var languageCode: String
    /// Of the sound, in seconds.
    package var duration: Double
    /// Without spaces around it.
    package var text: String
    /// Nil where they were not asked for, as words and logprobs.
    package var segments: [Segment]?
    package var words: [Word]?
    package var logprobs: [Logprob]?
    package var usage: Usage
    /// Whether the answer tells which languages were found.
    package var tellsLanguages: Bool

    package init(
        task: String,
        language: String,
        languageCode: String,
        duration: Double,
        text: String,
        segments: [Segment]? = nil,
        words: [Word]? = nil,
        logprobs: [Logprob]? = nil,
        usage: Usage,
        tellsLanguages: Bool = false
    ) {
        self.task = task
        self.language = language
        self.languageCode = languageCode
        self.duration = duration
        self.text = text
        self.segments = segments
        self.words = words
        self.logprobs = logprobs
        self.usage = usage
        self.tellsLanguages = tellsLanguages
    }

    /// The answer of `response_format` json.
    package var brief: JSONValue {
        var object = JSONObject([("text", .string(text))])
        if tellsLanguages { object.append("languages", languages) }
        if let logprobs { object.append("logprobs", .array(logprobs.map(\.json))) }
        object.append("usage", usage.json)
        return .object(object)
    }

    /// The answer of `response_format` verbose_json.
    package var verbose: JSONValue {
        var object = JSONObject([
            ("task", .string(task)), ("language", .string(language)), ("duration", .number(duration)),
            ("text", .string(text)),
        ])
        if let words { object.append("words", .array(words.map(\.json))) }
        if let segments { object.append("segments", .array(segments.map(\.json))) }
        object.append("usage", TranscriptionObject.Usage.duration(seconds: duration).json)
        return .object(object)
    }

    /// The last event of a stream.
    package var done: JSONValue {
        var object = JSONObject([("type", "transcript.text.done"), ("text", .string(text))])
        if tellsLanguages { object.append("languages", languages) }
        if let logprobs { object.append("logprobs", .array(logprobs.map(\.json))) }
        object.append("usage", usage.json)
        return .object(object)
    }

    private var languages: JSONValue { text.isEmpty ? [] : [["code": .string(languageCode)]] }

    /// An event of a stream: more text.
    package static func delta(_ text: String, logprobs: [Logprob]?) -> JSONValue {
        var object = JSONObject([("type", "transcript.text.delta"), ("delta", .string(text))])
        if let logprobs { object.append("logprobs", .array(logprobs.map(\.json))) }
        return .object(object)
    }
}

extension TranscriptionObject.Segment: JSONRepresentable {
    package var json: JSONValue {
        [
            "id": JSONValue(id),
            "seek": JSONValue(seek),
            "start": .number(start),
            "end": .number(end),
            "text": .string(text),
            "tokens": .array(tokens.map { JSONValue($0) }),
            "temperature": .number(temperature),
            "avg_logprob": .number(averageLogprob),
            "compression_ratio": .number(compressionRatio),
            "no_speech_prob": .number(noSpeechProbability),
        ]
    }
}

extension TranscriptionObject.Word: JSONRepresentable {
    package var json: JSONValue { ["word": .string(word), "start": .number(start), "end": .number(end)] }
}
