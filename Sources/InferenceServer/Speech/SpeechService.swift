import Foundation
import RuntimeSupport
import Scheduling
import Speech
import WireFormat

/// What the routes of speech share.
struct SpeechService: Sendable {
    /// Or why it does not speak.
    let eSpeak: Result<ESpeakSpeech, SpeechError>
    let customVoices: VoiceStore
    /// By which neural models are told who is to speak.
    let recordings = SpeakerRecordings()
    /// How long a text may be, in characters.
    let inputLimit: Int

    /// Starts what speaks; where nothing can, its endpoints tell why, and the server serves the rest.
    ///
    /// - Parameters:
    ///   - customVoices: Where custom voices are kept.
    ///   - inputLimit: How long a text may be, in characters.
    ///   - maxWaiting: How many requests may be under way.
    init(customVoices: VoiceStore, inputLimit: Int, maxWaiting: Int) {
        eSpeak = Result { () throws(SpeechError) in try ESpeakSpeech(maxWaiting: maxWaiting) }
        if case .failure(let error) = eSpeak { Log("speech").warning(error.description) }
        self.customVoices = customVoices
        self.inputLimit = inputLimit
    }

    /// Ends all that is under way.
    func stop() async {
        if case .success(let eSpeak) = eSpeak { await eSpeak.stop() }
    }
}

extension SpeechService {
    /// What speaks for a request.
    ///
    /// - Parameters:
    ///   - wish: What it asks for.
    ///   - catalog: The models that are installed.
    /// - Returns: What speaks as many texts as there are.
    /// - Throws: 404 or 400 for a model that does not speak, an unknown voice or language; 501 or 503 where nothing speaks.
    func speaker(_ wish: Speaker.Wish, _ catalog: ModelCatalog) async throws -> Speaker {
        if let model = try SpeechModels.neural(wish.model, catalog) {
            return try await neuralSpeaker(wish, model, catalog)
        }
        let eSpeak: ESpeakSpeech
        do { eSpeak = try self.eSpeak.get() } catch { throw APIError(error) }
        if let id = wish.voice.customID { try await refuseCustomVoice(id) }
        guard case .named(let name) = wish.voice, let voice = eSpeak.voices.voice(name) else {
            throw APIError.unknownVoice(wish.voice)
        }
        var language: String?
        if let code = wish.language {
            guard let known = eSpeak.voices.inventory.language(code) else {
                throw APIError.unknownLanguage(code, eSpeak.voices)
            }
            language = known
        }
        return Speaker(
            model: ESpeakSpeech.name,
            sampleRate: eSpeak.sampleRate
        ) { [language] text throws(SpeechError) in
            let utterance = eSpeak.voices.utterance(text, voice: voice, language: language)
            return utterance.parts.isEmpty ? nil : try await eSpeak.submit(utterance, wish.isAdmitted)
        }
    }

    /// Refuses to speak in a custom voice.
    ///
    /// - Throws: Always: 404 where there is no such voice, else 400.
    private func refuseCustomVoice(_ id: String) async throws {
        let owner = Caller.owner
        let voice = try await onThread("voices") { try customVoices.find(id, .voice, owner: owner) }
        throw APIError.invalidRequest(
            "The voice '\(voice.name.prefix(100))' is kept, but \(ESpeakSpeech.name) can't sound like a recording: that "
                + "takes a neural speech model. Ask for one, or use a voice of GET /v1/audio/voices instead.",
            param: "voice",
            code: "unsupported_voice"
        )
    }
}

extension SpeechRequest.Voice {
    /// The name, or the id.
    var text: String {
        switch self {
        case .named(let text), .custom(let text): text
        }
    }

    /// The id of a custom voice, also where it stands without an object around it.
    var customID: String? {
        switch self {
        case .custom(let id): id
        case .named(let name): name.hasPrefix(VoiceStore.Kind.voice.prefix) ? name : nil
        }
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
        return .invalidRequest(
            "Invalid value: '\(voice.text.prefix(100))'. Supported voices are: \(names), and those of GET /v1/audio/voices.",
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
