import Whisper
import WireFormat

extension TranscriptionOptions {
    /// - Parameters:
    ///   - request: A client's.
    ///   - settings: The server's.
    /// - Throws: 400 for an unknown language.
    init(_ request: TranscriptionRequest, _ settings: TranscriptionSettings) throws(APIError) {
        self.init()
        if let name = request.language { language = try Self.language(name, "language") }
        languages = try request.languages.map { name throws(APIError) in try Self.language(name, "languages") }
        translates = request.translates
        prompt = request.prompt
        if !request.keywords.isEmpty {
            prompt = request.keywords.joined(separator: ", ") + ". " + prompt
        }
        temperature = request.temperature
        // As OpenAI's: fallbacks where the server chooses the temperature.
        temperatureStep = request.temperature == 0 ? 0.2 : 0
        beams = settings.beams
        timesWords = request.granularities.contains(.word)
        switch request.chunking {
        case nil: chunking = .none
        case .auto: chunking = .automatic
        case .serverVAD(let numbers):
            var detection = VoiceDetector.Options()
            detection.threshold = numbers.threshold
            detection.minSilence = .milliseconds(numbers.silenceDuration)
            detection.prefix = .milliseconds(numbers.prefixPadding)
            chunking = .stretches(detection)
        }
    }

    private static func language(_ name: String, _ param: String) throws(APIError) -> WhisperLanguage {
        if let language = WhisperLanguage(name) { return language }
        throw .invalidRequest(
            "Invalid value: '\(name.prefix(64))'. Supported languages are: "
                + WhisperLanguage.all.map { "'\($0.code)'" }.joined(separator: ", ") + ".",
            param: param,
            code: "invalid_value"
        )
    }
}
