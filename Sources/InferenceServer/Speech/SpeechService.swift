import Foundation
import Media
import RuntimeSupport
import Speech
import WireFormat

/// What the routes of speech share.
struct SpeechService: Sendable {
    let engine: SpeechEngine
    let voices: ESpeakVoices
    let customVoices: VoiceStore
    /// How long a text may be, in characters.
    let inputLimit: Int

    /// The name of what speaks, as requests may call it.
    static let engineName = "espeak-ng"

    /// Starts what speaks.
    ///
    /// - Parameters:
    ///   - customVoices: Where custom voices are kept.
    ///   - inputLimit: How long a text may be, in characters.
    ///   - maxWaiting: How many requests may be under way.
    /// - Returns: What the routes need.
    /// - Throws: `SpeechError` where it is not built in, or can't be started.
    static func start(
        customVoices: VoiceStore,
        inputLimit: Int,
        maxWaiting: Int
    ) throws(SpeechError) -> SpeechService {
        #if ESpeak && FFmpeg
        #if os(Linux)
        // Of the process that is made, so that it is this program even where its file was replaced since.
        let executable = "/proc/self/exe"
        #else
        let executable = Bundle.main.executablePath ?? ""
        #endif
        let process = try ESpeakProcess(executable: executable, arguments: [Command.speechWorkerName])
        let voices = ESpeakVoices(process.inventory)
        return SpeechService(
            engine: SpeechEngine(process, maxWaiting: maxWaiting),
            voices: voices,
            customVoices: customVoices,
            inputLimit: inputLimit
        )
        #else
        throw SpeechError(
            .notBuilt,
            "this server was built without speech: it takes the package's traits ESpeak and FFmpeg, which are under the GPL"
        )
        #endif
    }
}

extension SpeechService {
    /// What is to be spoken for a request.
    ///
    /// - Throws: 400 for an unknown voice or language, a text that is too long, or one without anything to say.
    func utterance(_ request: SpeechRequest) throws(APIError) -> Utterance {
        try request.checkLength(limit: inputLimit)
        guard case .named(let name) = request.voice, let voice = voices.voice(name) else {
            throw .unknownVoice(request.voice)
        }
        var language: String?
        if let code = request.language {
            guard let known = voices.inventory.language(code) else { throw .unknownLanguage(code, voices) }
            language = known
        }
        let utterance = voices.utterance(request.input, voice: voice, language: language)
        guard !utterance.parts.isEmpty else { throw .nothingToSay }
        return utterance
    }
}

extension APIError {
    /// 400: nothing in the text can be spoken.
    static let nothingToSay = APIError.invalidRequest(
        "Invalid 'input': there is nothing in it that can be spoken.",
        param: "input",
        code: "invalid_value"
    )

    static func unknownVoice(_ voice: SpeechRequest.Voice) -> APIError {
        let names = ESpeakVoices.openAI.map { "'\($0.id)'" }.joined(separator: ", ")
        let name =
            switch voice {
            case .named(let name), .custom(let name): name.prefix(100)
            }
        return .invalidRequest(
            "Invalid value: '\(name)'. Supported voices are: \(names), and those of GET /v1/audio/voices.",
            param: "voice",
            code: "invalid_value"
        )
    }

    fileprivate static func unknownLanguage(_ code: String, _ voices: ESpeakVoices) -> APIError {
        .invalidRequest(
            "Invalid value: '\(code.prefix(100))'. Supported languages are: "
                + voices.inventory.languages.map { "'\($0)'" }.joined(separator: ", ") + ".",
            param: "language",
            code: "invalid_value"
        )
    }

    /// What a client is told that gets no speech.
    init(_ error: SpeechError) {
        switch error.code {
        case .notBuilt:
            self = APIError(status: 501, message: error.sentence, kind: .server, code: "not_implemented")
        case .unavailable:
            self = APIError(status: 503, message: error.sentence, kind: .server, code: "speech_unavailable")
        case .queueFull(let seconds):
            self = .rateLimit("The server is busy: \(error.description). Please try again later.", retryAfter: seconds)
        case .stopping: self = .overloaded("The server is stopping.", retryAfter: 5)
        case .failed:
            self = APIError(
                status: 500,
                message: "The text could not be spoken: \(error.description).",
                kind: .server,
                param: "input",
                code: "speech_failed"
            )
        }
    }
}

extension SpeechError {
    fileprivate var sentence: String { description.prefix(1).uppercased() + description.dropFirst() + "." }
}
