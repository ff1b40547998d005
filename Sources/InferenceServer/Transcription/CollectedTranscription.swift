import Whisper
import WireFormat

/// What a transcription has given so far, in the form of the API.
struct CollectedTranscription {
    /// Tokens of sound in a second, as OpenAI's models count it.
    private static let audioTokensPerSecond = 10.0

    let request: TranscriptionRequest
    private var text = ""
    private var segments: [TranscriptionObject.Segment] = []
    private var words: [TranscriptionObject.Word] = []
    private var logprobs: [TranscriptionObject.Logprob] = []
    private var tokens = 0
    /// White space at the end that is told only where more follows.
    private var held = ""

    init(_ request: TranscriptionRequest) { self.request = request }

    /// Takes a segment.
    ///
    /// - Returns: The text that it adds, and its tokens.
    mutating func add(_ segment: TranscribedSegment) -> (text: String, logprobs: [TranscriptionObject.Logprob]) {
        let added = TranscriptionObject.Segment(segment)
        segments.append(added)
        words += segment.words.map {
            TranscriptionObject.Word(word: $0.text, start: $0.start.milliseconds, end: $0.end.milliseconds)
        }
        let spoken = segment.tokens.filter { !$0.isSpecial }
        tokens += spoken.count
        let own = spoken.map { TranscriptionObject.Logprob(bytes: $0.text, logprob: Double($0.logprob)) }
        if request.includesLogprobs { logprobs += own }
        var new = held + segment.text
        if text.isEmpty { new = String(new.drop(while: \.isWhitespace)) }
        let end = new.lastIndex { !$0.isWhitespace }.map { new.index(after: $0) } ?? new.startIndex
        held = String(new[end...])
        text += new[..<end]
        return (String(new[..<end]), own)
    }

    /// The whole of it.
    func object(_ summary: TranscriptionSummary) -> TranscriptionObject {
        let language = request.translates ? WhisperLanguage.english : summary.language
        return TranscriptionObject(
            task: request.translates ? "translate" : "transcribe",
            language: language.name,
            languageCode: language.code,
            duration: summary.duration,
            text: text,
            segments: request.granularities.contains(.segment) ? segments : nil,
            words: request.granularities.contains(.word) ? words : nil,
            logprobs: request.includesLogprobs ? logprobs : nil,
            usage: usage(summary),
            tellsLanguages: request.model?.hasPrefix("gpt-transcribe") == true
        )
    }

    /// Clients of OpenAI's newer models, and of streams, count tokens.
    private func usage(_ summary: TranscriptionSummary) -> TranscriptionObject.Usage {
        guard request.streams || request.model?.hasPrefix("gpt-") == true else {
            return .duration(seconds: summary.duration)
        }
        return .tokens(
            text: summary.promptTokens,
            audio: Int((summary.duration * Self.audioTokensPerSecond).rounded(.up)),
            output: tokens
        )
    }
}

extension TranscriptionObject.Segment {
    fileprivate init(_ segment: TranscribedSegment) {
        self.init(
            id: segment.index,
            seek: Int((segment.windowStart * 100).rounded()),
            start: segment.start.milliseconds,
            end: segment.end.milliseconds,
            text: segment.text,
            tokens: segment.tokens.map(\.id),
            temperature: Double(Int((segment.temperature * 100).rounded())) / 100,
            averageLogprob: segment.averageLogprob,
            compressionRatio: segment.compressionRatio,
            noSpeechProbability: segment.noSpeechProbability
        )
    }
}

extension Double {
    /// Of seconds, to the millisecond.
    fileprivate var milliseconds: Double { (self * 1000).rounded() / 1000 }
}
