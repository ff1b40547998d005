import Llama
import RuntimeSupport
import Scheduling
import Speech
import WireFormat

extension SpeechService {
    /// A neural model as what speaks for a request; it stays loaded for as long as that is held.
    ///
    /// - Throws: 404 or 400 for a voice or a language that it does not have; what `ModelCatalog.lease` throws.
    func neuralSpeaker(_ wish: Speaker.Wish, _ model: ServableModel, _ catalog: ModelCatalog) async throws -> Speaker {
        // What is wrong with the request is told before a model is loaded for it.
        let recording = try await customRecording(wish)
        let voice = try named(wish, model)
        let lease = try await catalog.leaseSpeech(model)
        let neural = lease.model
        let language = try language(wish, voice, neural)
        let speaker = try await samples(recording, voice, wish, model, neural)
        let seed = wish.seed ?? Self.seed(of: wish.voice.text)
        let isAdmitted = wish.isAdmitted
        return Speaker(model: model.id, sampleRate: neural.sampleRate) { text throws(SpeechError) in
            let clean = SpeakableText.clean(text)
            let spoken = language ?? Self.guess(clean, neural)
            let pieces = SentenceSplitter.split(clean, language: spoken ?? "en")
                .filter { SpeakableText.isSpeakable($0.text) }
            guard !pieces.isEmpty else { return nil }
            let native = NeuralVoice(speaker: speaker, language: spoken, seed: seed)
            let utterance = Utterance(pieces.map { Utterance<NeuralVoice>.Part($0, native) })
            return try await lease.model.submit(utterance, isAdmitted: isAdmitted)
        }
    }

    /// The file of the custom voice that is wished for; nil where it is none.
    private func customRecording(_ wish: Speaker.Wish) async throws -> [UInt8]? {
        guard let id = wish.voice.customID else { return nil }
        let owner = Caller.owner
        return try await onThread("voices") { try customVoices.recording(id, .voice, owner: owner) }
    }

    /// The voice of espeak-ng's that is wished for; nil for a custom one, or one whose recording lies beside the model.
    private func named(_ wish: Speaker.Wish, _ model: ServableModel) throws(APIError) -> SpeechVoice? {
        guard wish.voice.customID == nil else { return nil }
        let name = wish.voice.text
        if SpeakerRecordings.names(beside: model).contains(name) { return nil }
        if case .success(let eSpeak) = eSpeak, let voice = eSpeak.voices.voice(name) { return voice }
        // Without espeak-ng a model may make up the speaker of a name.
        guard let voice = ESpeakVoices.openAI.first(where: { $0.id == name }) else { throw .unknownVoice(wish.voice) }
        return voice
    }

    /// The recording of who is to speak; nil where the model is to make up a speaker.
    private func samples(
        _ recording: [UInt8]?,
        _ voice: SpeechVoice?,
        _ wish: Speaker.Wish,
        _ model: ServableModel,
        _ neural: NeuralSpeech
    ) async throws -> [Float]? {
        if let recording { return try await recordings.custom(recording, sampleRate: neural.sampleRate) }
        let beside = try await recordings.beside(model, wish.voice.text, sampleRate: neural.sampleRate)
        if let beside { return beside }
        if let voice, case .success(let eSpeak) = eSpeak {
            return try await recordings.spoken(voice, by: eSpeak, sampleRate: neural.sampleRate)
        }
        guard !neural.needsSpeaker else { throw APIError.noSpeaker(wish.voice.text, model) }
        return nil
    }

    /// The language to speak: as wished for, or the voice's own; nil to guess it.
    private func language(_ wish: Speaker.Wish, _ voice: SpeechVoice?, _ neural: NeuralSpeech) throws(APIError)
        -> String?
    {
        if let code = wish.language {
            let base = code.lowercased().prefix { $0 != "-" && $0 != "_" }
            guard let known = neural.languages.first(where: { $0 == base }) else {
                throw .languageNotSpoken(code, neural)
            }
            return known
        }
        guard let voice, voice.hasOwnLanguage else { return nil }
        return Self.code(voice.native.language, neural)
    }

    /// The language of a text's script, where the model knows it.
    private static func guess(_ text: String, _ neural: NeuralSpeech) -> String? {
        ScriptLanguage.guess(text).flatMap { code($0, neural) }
    }

    /// The model's name of a language of espeak-ng's.
    private static func code(_ name: String, _ neural: NeuralSpeech) -> String? {
        let base = name == "cmn" ? "zh" : String(name.prefix { $0 != "-" })
        return neural.languages.contains(base) ? base : nil
    }

    /// A voice's own seed, so that it says the same text in the same way each time: FNV-1a of its name.
    static func seed(of name: String) -> UInt32 {
        min(name.utf8.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 }, .max - 1)
    }
}

extension APIError {
    fileprivate static func languageNotSpoken(_ code: String, _ neural: NeuralSpeech) -> APIError {
        let known =
            neural.languages.isEmpty
            ? "\(neural.id) speaks the language of its weights alone; leave 'language' out"
            : "Supported languages of \(neural.id) are: \(neural.languages.map { "'\($0)'" }.joined(separator: ", "))"
        return .invalidRequest(
            "Invalid value: '\(code.prefix(100))'. \(known).",
            param: "language",
            code: "invalid_value"
        )
    }

    fileprivate static func noSpeaker(_ voice: String, _ model: ServableModel) -> APIError {
        .invalidRequest(
            "The voice '\(voice.prefix(100))' has no recording of a speaker, and \(model.id) says nothing without one: put a file "
                + "of that name into the folder \(model.file.id).voices beside the model, or use a custom voice.",
            param: "voice",
            code: "unsupported_voice"
        )
    }
}
