/// Turns pieces of text into sound, step by step: espeak-ng in a process of its own, a neural model, or a fake of the tests.
package protocol SpeechSynthesizer: SendableMetatype {
    /// What speaks, in its own terms.
    associatedtype Voice: Sendable
    associatedtype Piece: SpokenPiece

    /// Of all sound that it makes, in Hz.
    var sampleRate: Int { get }

    /// How many pieces may be under way at once, at least one; others begin when one of them has ended.
    var capacity: Int { get }

    /// Begins a piece.
    ///
    /// - Parameters:
    ///   - text: Plain text, cleaned by `SpeakableText`.
    ///   - voice: What speaks it.
    /// - Returns: The work on it.
    /// - Throws: Where it can't be spoken.
    func begin(_ text: String, as voice: Voice) throws(SpeechError) -> Piece
}

/// A piece of text that is being spoken; letting go of it ends the work.
package protocol SpokenPiece {
    /// Does the next bit of the work: a frame, or all of the piece where its synthesizer can't do less.
    ///
    /// - Parameter sink: Takes the sound that is ready; false for no more.
    /// - Returns: Whether there is more to do.
    /// - Throws: Where it can't be spoken.
    func step(onto sink: ([Int16]) -> Bool) throws(SpeechError) -> Bool
}
