/// Turns pieces of text into sound, one after the other.
///
/// What speaks is chosen by its implementation: espeak-ng, in a process of its own, or a fake of the tests.
package protocol SpeechSynthesizer {
    /// Of all sound that it makes, in Hz.
    var sampleRate: Int { get }

    /// Speaks one piece, and hands its sound over as it is made.
    ///
    /// - Parameters:
    ///   - text: Plain text, cleaned by `SpeakableText`.
    ///   - voice: What speaks it.
    ///   - sink: Takes the next part of the sound; false for no more.
    /// - Throws: Where it can't be spoken.
    func speak(_ text: String, as voice: SynthesizerVoice, onto sink: ([Int16]) -> Bool) throws(SpeechError)
}

/// A voice in a synthesizer's own terms.
package struct SynthesizerVoice: Sendable, Equatable {
    /// The language's voice, such as `en-us`.
    package var language: String
    /// How it is changed, such as `f2`; nil for as it is.
    package var variant: String?
    /// 0 to 100; 50 as the variant has it.
    package var pitch: Int
    /// How far the pitch moves, 0 to 100; 50 as the variant has it.
    package var range: Int

    package init(language: String, variant: String? = nil, pitch: Int = 50, range: Int = 50) {
        self.language = language
        self.variant = variant
        self.pitch = pitch
        self.range = range
    }

    /// As espeak-ng names it.
    var name: String { variant.map { "\(language)+\($0)" } ?? language }
}
