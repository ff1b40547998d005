internal import CWhisper

/// Where a transcription stands when it asks whether it may go on.
package enum PacePoint: Sendable {
    /// The encoder is about to run.
    case encoder
    /// A step of the decoder is done, or a run of the encoder.
    case step
    /// In the middle of either, no more often than every two milliseconds.
    case operation
}

/// What one transcription computes in.
///
/// One owner, one thread at a time.
@safe struct WhisperSession: ~Copyable {
    /// What a run tells.
    struct Outcome {
        let language: WhisperLanguage
        let encoderRuns: Int
        let encoderPositions: Int
        let promptTokens: Int
    }

    /// A segment as it comes from the model, in centiseconds.
    struct Segment {
        let seek: Int
        let start: Int
        let end: Int
        /// What comes later, or the sound's end: no word of it lasts longer.
        let bound: Int
        let noSpeechProbability: Float
        let temperature: Float
        let tokens: [TranscribedToken]
    }

    let model: WhisperModel
    private let handle: OpaquePointer

    /// - Parameters:
    ///   - model: It outlives the session.
    ///   - aligns: Whether tokens get times.
    /// - Throws: Where there is no memory.
    init(_ model: WhisperModel, aligns: Bool) throws(WhisperError) {
        self.model = model
        var made: OpaquePointer?
        try WhisperError.check(unsafe cw_session_open(model.handle, aligns, &made), "begin a transcription")
        guard let made = unsafe made else { throw WhisperError(.failed, "could not begin a transcription") }
        unsafe handle = made
    }

    deinit { unsafe cw_session_close(handle) }

    /// Transcribes sound as one block; blocks for as long as that takes.
    ///
    /// - Parameters:
    ///   - samples: At 16 kHz, one channel, from −1 to 1.
    ///   - options: All but how the sound is taken apart.
    ///   - threads: That compute.
    ///   - pace: May block; false ends the run.
    ///   - segment: Gets each segment as it comes.
    /// - Returns: What is known at the end.
    /// - Throws: `ended` where `pace` said so.
    func run(
        _ samples: ArraySlice<Float>,
        _ options: TranscriptionOptions,
        threads: Int,
        pace: (PacePoint) -> Bool,
        segment: (Segment) -> Void
    ) throws(WhisperError) -> Outcome {
        var native = cw_options()
        native.threads = Int32(clamping: threads)
        native.language = options.language?.id ?? -1
        for language in options.languages {
            let bit = UInt64(1) << UInt64(language.id % 64)
            if language.id < 64 { native.languages.0 |= bit } else { native.languages.1 |= bit }
        }
        native.translates = options.translates
        native.temperature = Float(options.temperature)
        native.temperature_step = Float(options.temperatureStep)
        native.beams = Int32(clamping: options.beams)
        native.candidates = Int32(clamping: options.candidates)
        native.max_tokens = Int32(clamping: options.maxTokens)
        if case .fixed(let positions) = options.audioContext { native.audio_context = Int32(clamping: positions) }
        // whisper.cpp takes a window for 30 seconds whatever the model hears; a second is meant.
        let full = 1500
        if model.information.audioContext < full {
            native.max_initial_timestamp = Float(full) / Float(model.information.audioContext)
        }
        var outcome = cw_outcome()
        let status = withoutActuallyEscaping(pace) { pace in
            withoutActuallyEscaping(segment) { segment in
                let listener = Listener(model: model, pace: pace, segment: segment)
                // The listener outlives the call, which keeps no pointer to it.
                return withExtendedLifetime(listener) {
                    unsafe options.prompt.withCString { prompt in
                        var callbacks = unsafe cw_callbacks(
                            segment: takeSegment,
                            pace: askPace,
                            user_data: Unmanaged.passUnretained(listener).toOpaque()
                        )
                        return unsafe samples.withUnsafeBufferPointer { samples in
                            unsafe cw_session_run(
                                handle,
                                &native,
                                prompt,
                                samples.baseAddress,
                                samples.count,
                                &callbacks,
                                &outcome
                            )
                        }
                    }
                }
            }
        }
        try WhisperError.check(status, "transcribe the sound")
        return Outcome(
            language: WhisperLanguage(found: outcome.language),
            encoderRuns: Int(outcome.encoder_runs),
            encoderPositions: Int(outcome.encoder_positions),
            promptTokens: Int(outcome.prompt_tokens)
        )
    }
}

/// The callbacks of a run.
private final class Listener {
    let model: WhisperModel
    let pace: (PacePoint) -> Bool
    let segment: (WhisperSession.Segment) -> Void

    init(
        model: WhisperModel,
        pace: @escaping (PacePoint) -> Bool,
        segment: @escaping (WhisperSession.Segment) -> Void
    ) {
        self.model = model
        self.pace = pace
        self.segment = segment
    }
}

private func askPace(_ point: cw_pace, _ context: UnsafeMutableRawPointer?) -> Bool {
    guard let context = unsafe context else { return false }
    let listener = unsafe Unmanaged<Listener>.fromOpaque(context).takeUnretainedValue()
    return switch point {
    case .CW_PACE_ENCODER: listener.pace(.encoder)
    case .CW_PACE_STEP: listener.pace(.step)
    default: listener.pace(.operation)
    }
}

/// What stands for a probability of nothing.
private let leastLogprob: Float = -100

private func takeSegment(_ segment: UnsafePointer<cw_segment>?, _ context: UnsafeMutableRawPointer?) {
    guard let segment = unsafe segment?.pointee, let context = unsafe context else { return }
    let listener = unsafe Unmanaged<Listener>.fromOpaque(context).takeUnretainedValue()
    let model = listener.model
    let tokens = unsafe UnsafeBufferPointer(start: segment.tokens, count: segment.token_count).map { token in
        let isSpecial = Int(token.id) >= model.firstSpecialToken
        let isAligned = token.start >= 0 && token.end >= token.start
        return TranscribedToken(
            id: Int(token.id),
            // Of damaged weights it is no number.
            logprob: token.logprob.isFinite ? token.logprob : leastLogprob,
            text: isSpecial ? [] : model.text(of: Int(token.id)),
            isSpecial: isSpecial,
            span: isAligned ? Double(token.start) / 100..<Double(token.end) / 100 : nil
        )
    }
    unsafe listener.segment(
        WhisperSession.Segment(
            seek: Int(segment.seek),
            start: Int(segment.start),
            end: Int(segment.end),
            bound: Int(segment.bound),
            noSpeechProbability: segment.no_speech_probability.isFinite ? segment.no_speech_probability : 0,
            temperature: segment.temperature,
            tokens: tokens
        )
    )
}
