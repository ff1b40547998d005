internal import CWhisper

/// A token of a transcription.
package struct TranscribedToken: Sendable, Equatable {
    package let id: Int
    /// Natural logarithm of its probability.
    package let logprob: Float
    /// The bytes of its text, often a part of a character.
    package let text: [UInt8]
    /// Whether it is no text: a timestamp, or the end.
    package let isSpecial: Bool
    /// When it is spoken, in seconds from the begin of the sound; nil where nothing was aligned.
    package let span: Range<Double>?
}

/// A word, and when it is spoken.
package struct TranscribedWord: Sendable, Equatable {
    /// Without spaces around it, with the punctuation that clings to it.
    package var text: String
    /// In seconds.
    package var start: Double
    package var end: Double
    /// Of its tokens, on average.
    package var probability: Double
}

/// A stretch of a transcription, most often a sentence.
package struct TranscribedSegment: Sendable, Equatable {
    /// Its place among the segments, from 0.
    package let index: Int
    /// Where the window began that it was heard in, in seconds.
    package let windowStart: Double
    /// In seconds.
    package let start: Double
    package let end: Double
    /// As the model wrote it, most often with a space before it.
    package let text: String
    package let tokens: [TranscribedToken]
    /// Empty unless words were asked for.
    package let words: [TranscribedWord]
    /// What the window was decoded at, after fallbacks.
    package let temperature: Double
    /// Of the window: that nobody speaks in it.
    package let noSpeechProbability: Double

    /// The mean of its tokens' logarithms of probability.
    package var averageLogprob: Double {
        guard !tokens.isEmpty else { return 0 }
        return tokens.reduce(0) { $0 + Double($1.logprob) } / Double(tokens.count)
    }

    /// How much smaller zlib makes the text: above 2.4, it repeats itself.
    package var compressionRatio: Double {
        let bytes = Array(text.utf8)
        let size = unsafe cw_compressed_size(bytes, bytes.count)
        return size > 0 && !bytes.isEmpty ? Double(bytes.count) / Double(size) : 0
    }
}

/// What is known at the end of a transcription.
package struct TranscriptionSummary: Sendable, Equatable {
    /// What is spoken: as it was asked for, or found.
    package let language: WhisperLanguage
    /// Of the sound, in seconds.
    package let duration: Double
    /// Positions of the encoder that were computed, of 20 ms each.
    package let encoderPositions: Int
    /// How often the encoder ran.
    package let encoderRuns: Int
    /// Of the text that went before.
    package let promptTokens: Int
}

/// What comes of a transcription, in order; it ends with `finished` or `failed`.
package enum TranscriptionEvent: Sendable, Equatable {
    case segment(TranscribedSegment)
    case finished(TranscriptionSummary)
    case failed(WhisperError)
}
