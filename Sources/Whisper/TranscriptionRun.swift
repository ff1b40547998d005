/// One transcription from begin to end, on the thread that computes it.
struct TranscriptionRun {
    private static let sampleRate = Transcriber.sampleRate
    /// Sound whose loudest sample is below this is silent.
    private static let silence: Float = 1e-4
    /// Where no window reaches this probability, nobody speaks.
    private static let voiceThreshold: Float = 0.35
    /// How many windows of the detector are listened to at once: a quarter of a second.
    private static let windowsAtOnce = 8
    /// What a piece leaves free of what the model hears at once, in seconds: speech that ends with the window is heard badly.
    private static let margin = 0.5
    /// What a model that hears less than this at once has to be helped with: whisper.cpp moves its window by it.
    private static let wholeContext = 1500

    /// Louder samples are cut off, which only a damaged file, or a hostile one, has.
    private static let loudest: Float = 4

    let model: WhisperModel
    /// At 16 kHz, all of them numbers.
    let samples: [Float]
    let options: TranscriptionOptions
    let threads: Int
    /// Gives the thread's own.
    let detector: () throws(WhisperError) -> VoiceDetector
    let pace: (PacePoint) -> Bool
    let segment: (TranscribedSegment) -> Void

    init(
        model: WhisperModel,
        samples: [Float],
        options: TranscriptionOptions,
        threads: Int,
        detector: @escaping () throws(WhisperError) -> VoiceDetector,
        pace: @escaping (PacePoint) -> Bool,
        segment: @escaping (TranscribedSegment) -> Void
    ) {
        self.model = model
        let isSound = samples.allSatisfy { abs($0) <= Self.loudest }
        // A comparison with what is no number is false.
        self.samples =
            isSound ? samples : samples.map { $0.isNaN ? 0 : min(max($0, -Self.loudest), Self.loudest) }
        self.options = options
        self.threads = threads
        self.detector = detector
        self.pace = pace
        self.segment = segment
    }

    private var duration: Double { Double(samples.count) / Double(Self.sampleRate) }
    private var window: Double { model.information.window / .seconds(1) }

    /// Transcribes it all.
    ///
    /// - Throws: `ended` where `pace` said so.
    func transcribe() throws(WhisperError) -> TranscriptionSummary {
        guard pace(.step) else { throw WhisperError(.ended, "the transcription was ended") }
        guard samples.contains(where: { abs($0) >= Self.silence }) else { return summary(options.language) }
        let pieces = try pieces()
        var (language, runs, positions, promptTokens, count) = (options.language, 0, 0, 0, 0)
        guard !pieces.isEmpty else { return summary(language) }
        let session = try WhisperSession(model, aligns: options.timesWords)
        for piece in pieces {
            var own = options
            own.language = language
            let sound = samples[index(piece.lowerBound)..<index(piece.upperBound)]
            let edges = options.timesWords ? VoicedEdges(sound) : nil
            // Words need the language before it is told: each piece's segments are kept until its end only where it is not known.
            var found: [WhisperSession.Segment] = []
            let outcome = try session.run(
                sound,
                own,
                threads: threads,
                pace: pace,
                segment: { raw in
                    guard let language else { return found.append(raw) }
                    hand(raw, piece, language, edges, &count)
                }
            )
            for raw in found { hand(raw, piece, outcome.language, edges, &count) }
            language = outcome.language
            runs += outcome.encoderRuns
            positions += outcome.encoderPositions
            promptTokens = outcome.promptTokens
        }
        return summary(language, runs: runs, positions: positions, promptTokens: promptTokens)
    }

    private func summary(
        _ language: WhisperLanguage?,
        runs: Int = 0,
        positions: Int = 0,
        promptTokens: Int = 0
    ) -> TranscriptionSummary {
        TranscriptionSummary(
            language: language ?? .english,
            duration: duration,
            encoderPositions: positions,
            encoderRuns: runs,
            promptTokens: promptTokens
        )
    }

    private func index(_ seconds: Double) -> Int {
        min(max(Int((seconds * Double(Self.sampleRate)).rounded()), 0), samples.count)
    }

    // MARK: pieces

    /// What is heard by itself, in seconds; nothing where nobody speaks.
    private func pieces() throws(WhisperError) -> [Range<Double>] {
        let whole = [0..<duration]
        let fits = duration <= window
        let movesWindow = model.information.audioContext >= Self.wholeContext
        switch options.chunking {
        case .none where fits || movesWindow:
            guard options.skipsSilence else { return whole }
            return try hasVoice() ? whole : []
        case .none, .automatic:
            var detection = VoiceDetector.Options()
            detection.padding = .milliseconds(200)
            return try spoken(detection, joins: true)
        case .stretches(let detection): return try spoken(detection, joins: false)
        }
    }

    private func spoken(_ detection: VoiceDetector.Options, joins: Bool) throws(WhisperError) -> [Range<Double>] {
        let longest = window - min(Self.margin, window / 4)
        var detection = detection
        detection.maxSpeech = .seconds(longest) - detection.padding * 2 - detection.prefix
        let detector = try detector()
        var probabilities: [Float] = []
        try listen(detector) {
            probabilities += $0; return true
        }
        let stretches = try detector.stretches(probabilities, detection)
            .map { min($0.lowerBound, duration)..<min($0.upperBound, duration) }
        return SpeechPieces.make(stretches.filter { !$0.isEmpty }, longest: longest, joins: joins)
    }

    /// Listens until somebody speaks.
    private func hasVoice() throws(WhisperError) -> Bool {
        var isVoice = false
        try listen(try detector()) { probabilities in
            isVoice = probabilities.contains { $0 >= Self.voiceThreshold }
            return !isVoice
        }
        return isVoice
    }

    /// Has a detector listen to the sound, part by part, until it is enough.
    private func listen(_ detector: VoiceDetector, _ take: ([Float]) -> Bool) throws(WhisperError) {
        detector.reset()
        let size = Self.windowsAtOnce * VoiceDetector.window
        for start in stride(from: 0, to: samples.count, by: size) {
            guard pace(.step) else { throw WhisperError(.ended, "the transcription was ended") }
            guard take(try detector.listen(samples[start..<min(start + size, samples.count)])) else { return }
        }
    }

    // MARK: segments

    /// Gives out a segment, its times counted from the begin of the whole sound.
    private func hand(
        _ raw: WhisperSession.Segment,
        _ piece: Range<Double>,
        _ language: WhisperLanguage,
        _ edges: VoicedEdges?,
        _ count: inout Int
    ) {
        let offset = piece.lowerBound
        let bytes = raw.tokens.flatMap(\.text)
        let text = String(decoding: bytes, as: UTF8.self)
        var words: [TranscribedWord] = []
        if let edges {
            words = WordTimes(language: language).words(raw.tokens)
            for place in words.indices {
                let word = words[place]
                let next = place + 1 < words.count ? words[place + 1].start : Double(raw.bound) / 100
                let span = edges.trim(edges.extend(word.start..<word.end, until: next))
                (words[place].start, words[place].end) = (span.lowerBound + offset, span.upperBound + offset)
            }
        }
        segment(
            TranscribedSegment(
                index: count,
                windowStart: offset + Double(raw.seek) / 100,
                start: min(offset + Double(raw.start) / 100, duration),
                end: min(offset + Double(raw.end) / 100, max(duration, offset + Double(raw.start) / 100)),
                text: text,
                tokens: raw.tokens.map { $0.shifted(by: offset) },
                words: words,
                temperature: Double(raw.temperature),
                noSpeechProbability: Double(raw.noSpeechProbability)
            )
        )
        count += 1
    }
}

extension TranscribedToken {
    fileprivate func shifted(by offset: Double) -> TranscribedToken {
        TranscribedToken(
            id: id,
            logprob: logprob,
            text: text,
            isSpecial: isSpecial,
            span: span.map { $0.lowerBound + offset..<$0.upperBound + offset }
        )
    }
}
