import Speech
import WireFormat

/// What speaks for one request: an engine with a voice and a language, chosen once, and used for as many texts as are to be spoken.
struct Speaker: Sendable {
    /// The name of what speaks.
    let model: String
    /// Of its sound, in Hz.
    let sampleRate: Int
    /// Nil where there is nothing to say.
    private let submit: @Sendable (_ text: String) async throws(SpeechError) -> SpeechStream?

    /// - Parameters:
    ///   - model: The name of what speaks.
    ///   - sampleRate: Of its sound, in Hz.
    ///   - submit: Has a text spoken; nil where there is nothing to say.
    init(
        model: String,
        sampleRate: Int,
        submit: @escaping @Sendable (_ text: String) async throws(SpeechError) -> SpeechStream?
    ) {
        self.model = model
        self.sampleRate = sampleRate
        self.submit = submit
    }

    /// Has a text spoken.
    ///
    /// - Returns: Its sound as it is made; nil where there is nothing in it that can be spoken.
    /// - Throws: 429 or 503 where too much is under way.
    func speak(_ text: String) async throws(APIError) -> SpeechStream? {
        do { return try await submit(text) } catch { throw APIError(error) }
    }

    /// What a request asks of what speaks for it.
    struct Wish: Sendable {
        /// Nil for the server's.
        var model: String?
        var voice: SpeechRequest.Voice
        /// A code such as `en` or `pt-BR`; nil to guess it.
        var language: String?
        /// Of a neural model's draws; nil for the voice's own.
        var seed: UInt32?
        /// Whether somebody else sees to it that not too much is under way.
        var isAdmitted = false
    }
}
