/// How a sound is transcribed.
package struct TranscriptionOptions: Sendable, Equatable {
    /// How a sound is taken apart before it is heard.
    package enum Chunking: Sendable, Equatable {
        /// Not at all, where the model hears 30 seconds at once: whisper moves its window itself. For models that hear less,
        /// as `automatic`.
        case none
        /// At silences, into pieces as long as the model hears at once.
        case automatic
        /// Each stretch of speech by itself.
        case stretches(VoiceDetector.Options)
    }

    /// How many positions the encoder has, of 20 ms each.
    package enum AudioContext: Sendable, Equatable {
        /// As many as a window's sound needs.
        case fitted
        case fixed(Int)
    }

    /// Nil: found in the sound.
    package var language: WhisperLanguage?
    /// Those that may be found; empty for any.
    package var languages: [WhisperLanguage] = []
    /// Into English.
    package var translates = false
    /// Text that goes before; the decoder takes its end.
    package var prompt = ""
    /// Zero, or at most 2.
    package var temperature = 0.0
    /// Of the fallbacks where decoding fails; 0 for none.
    package var temperatureStep = 0.2
    /// 1: the likeliest token each time; up to 8: beam search.
    package var beams = 1
    /// How many answers are tried at a temperature above 0, up to 8.
    package var candidates = 5
    /// In a window; 0: as many as there is room for.
    package var maxTokens = 0
    /// Whether words get times.
    package var timesWords = false
    package var chunking = Chunking.none
    package var audioContext = AudioContext.fitted
    /// Whether sound without a voice in it gives an empty text without being heard by the model.
    package var skipsSilence = true

    package init() {}
}
