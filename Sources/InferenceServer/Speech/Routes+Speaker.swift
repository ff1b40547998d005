import Speech
import WireFormat

extension Routes {
    /// What speaks for a request.
    ///
    /// - Throws: 400 for an unknown voice or language; 501 or 503 where nothing speaks.
    func speaker(_ wish: Speaker.Wish) async throws -> Speaker {
        let service = try speechService
        try SpeechModels.check(wish.model, catalog)
        if case .custom(let id) = wish.voice { try await refuseCustomVoice(id, service) }
        guard case .named(let name) = wish.voice, let voice = service.voices.voice(name) else {
            throw APIError.unknownVoice(wish.voice)
        }
        return Speaker(model: SpeechService.engineName, sampleRate: service.engine.sampleRate) {
            text throws(SpeechError) in
            let utterance = service.voices.utterance(text, voice: voice, language: nil)
            return utterance.parts.isEmpty ? nil : try await service.engine.submitAdmitted(utterance)
        }
    }
}
