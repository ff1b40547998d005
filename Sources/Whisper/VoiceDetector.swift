internal import CWhisper

/// Finds where somebody speaks: the Silero model that whisper.cpp brings, part of the program.
///
/// One thread at a time; of one sound after another, `reset` in between.
@safe package final class VoiceDetector {
    /// How many samples at 16 kHz make one probability.
    package static let window = Int(CW_VAD_WINDOW)

    /// What counts as speech.
    package struct Options: Sendable, Equatable {
        /// The least probability of speech, from 0 to 1.
        package var threshold = 0.5
        /// Shorter speech counts for none.
        package var minSpeech = Duration.milliseconds(250)
        /// Shorter silence ends no stretch.
        package var minSilence = Duration.milliseconds(100)
        /// Longer stretches are cut, at a silence where there is one; nil: none is.
        package var maxSpeech: Duration?
        /// Put around each stretch.
        package var padding = Duration.milliseconds(30)
        /// Put before each stretch besides.
        package var prefix = Duration.zero

        package init() {}
    }

    private let handle: OpaquePointer

    /// - Throws: Where there is no memory.
    package init() throws(WhisperError) {
        WhisperLibrary.start()
        var made: OpaquePointer?
        try WhisperError.check(unsafe cw_vad_open(&made), "start the detector of voices")
        guard let made = unsafe made else { throw WhisperError(.failed, "could not start the detector of voices") }
        unsafe handle = made
    }

    deinit { unsafe cw_vad_close(handle) }

    /// Forgets what it has heard.
    package func reset() { unsafe cw_vad_reset(handle) }

    /// Goes on listening.
    ///
    /// - Parameter samples: At 16 kHz; all but the last call's are a multiple of `window`.
    /// - Returns: The probability of speech in each window.
    /// - Throws: Where there is no memory.
    package func listen(_ samples: ArraySlice<Float>) throws(WhisperError) -> [Float] {
        var probabilities = [Float](repeating: 0, count: (samples.count + Self.window - 1) / Self.window)
        let status = unsafe samples.withUnsafeBufferPointer { samples in
            unsafe cw_vad_listen(handle, samples.baseAddress, samples.count, &probabilities)
        }
        try WhisperError.check(status, "listen for voices")
        return probabilities
    }

    /// The stretches of speech in a sound of these probabilities, in seconds.
    package func stretches(_ probabilities: [Float], _ options: Options) throws(WhisperError) -> [Range<Double>] {
        var native = cw_vad_options()
        native.threshold = Float(options.threshold)
        native.min_speech_ms = options.minSpeech.milliseconds
        native.min_silence_ms = options.minSilence.milliseconds
        native.max_speech_seconds = options.maxSpeech.map { Float($0 / .seconds(1)) } ?? .greatestFiniteMagnitude
        native.padding_ms = options.padding.milliseconds
        var spans = [cw_vad_span](repeating: cw_vad_span(), count: probabilities.count)
        var count = 0
        let status = unsafe cw_vad_spans(
            handle,
            probabilities,
            probabilities.count,
            &native,
            &spans,
            spans.count,
            &count
        )
        try WhisperError.check(status, "find stretches of speech")
        let prefix = options.prefix / .seconds(1)
        var result: [Range<Double>] = []
        for span in spans.prefix(count) where span.end > span.start {
            let start = max(Double(span.start) / 100 - prefix, result.last?.upperBound ?? 0)
            let end = max(start, Double(span.end) / 100)
            result.append(start..<end)
        }
        return result
    }
}

extension Duration {
    fileprivate var milliseconds: Int32 { Int32(clamping: Int64(self / .milliseconds(1))) }
}
