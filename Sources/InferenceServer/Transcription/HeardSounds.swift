import Foundation
import KVStore
import Media
import RuntimeSupport
import Scheduling
import Whisper
import WireFormat

extension Routes {
    /// Puts what is said in a conversation's sounds in their places, in order; of a model that hears by itself, it leaves them
    /// there.
    ///
    /// A sound that came before is known for an hour: clients send all earlier turns with each request.
    ///
    /// - Parameters:
    ///   - conversation: What is asked.
    ///   - model: The name of the chat model that is to answer.
    ///   - owner: On whose behalf.
    /// - Returns: The conversation in text, and in images and sounds that the model takes.
    /// - Throws: 400 for what is no sound, or is too long; 404 where no model transcribes; 429 where too many wait.
    func transcribed(_ conversation: Conversation, for model: String?, owner: Owner) async throws -> Conversation {
        guard !conversation.sounds.isEmpty else { return conversation }
        // What nobody will answer need not be heard.
        guard try !catalog.model(model).hearsSound else { return conversation }
        guard MediaLibrary.version != nil else { throw APIError.cannotDecode }
        let lease: ModelLease<TranscriptionModel>
        do {
            lease = try await catalog.leaseTranscriber(nil)
        } catch let error as APIError where error.status == 404 {
            throw APIError(
                status: error.status,
                message: "The chat model does not hear, and what is said can't be written down for it. "
                    + error.message,
                param: conversation.sounds.first?.path,
                code: error.code
            )
        }
        try conversation.sounds.checkCount()
        var conversation = conversation
        for turn in conversation.turns.indices {
            for part in conversation.turns[turn].content.indices {
                guard case .audio(let source) = conversation.turns[turn].content[part] else { continue }
                conversation.turns[turn].content[part] = .text(try await transcript(source, lease.model, owner))
            }
        }
        return conversation
    }

    /// What is said in a sound.
    private func transcript(_ source: AudioSource, _ model: TranscriptionModel, _ owner: Owner) async throws -> String {
        let bytes = try source.file()
        let id = "sound-\(model.id)-" + Digest(of: bytes).text
        if let known = transcripts.find(id, owner: owner) { return known }
        var options = TranscriptionOptions()
        options.beams = model.settings.beams
        do {
            var text = ""
            for await event in try model.transcribe(bytes, options) {
                switch event {
                case .segment(let segment): text += segment.text
                case .finished(let summary):
                    model.file.count(.finished, seconds: summary.duration)
                    text = text.trimmingCharacters(in: .whitespacesAndNewlines)
                    _ = transcripts.insert(text, id: id, owner: owner)
                    return text
                case .failed(let error): throw error
                }
            }
        } catch let error as WhisperError {
            if case .queueFull = error.code { model.file.count(.rejected) } else { model.file.count(.failed) }
            guard error.code == .badSound else { throw APIError(error) }
            throw APIError.badSound(error.description, at: source.path)
        }
        model.file.count(.cancelled)
        throw CancellationError()
    }
}
