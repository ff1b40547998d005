import RuntimeSupport
import Scheduling
import Tokenizer
import WireFormat

/// One answer as text, piece by piece: detokenized, and cut at the first stop string.
///
/// Ends with exactly one `.end`.
///
/// Read by one task. Dropping it, or cancelling that task, ends the generation.
struct Answer {
    enum Part {
        /// The probabilities of the prompt's tokens behind the first, where they were asked for; before all else, and
        /// empty where they were not.
        case prompt([TokenLogprob])
        /// So much of the prompt is computed, where that is to be told.
        case progress(PromptProgress)
        /// With the tokens that it was made of, where their probabilities were asked for.
        case text(String, [TokenLogprob])
        case end(WireFormat.FinishReason, TokenUsage)
    }

    private let stream: RequestStream
    private var detokenizer: IncrementalDetokenizer
    private var stops: StopMatcher
    /// Of what was read so far; the prompt's part comes before the first token.
    private var usage = TokenUsage(prompt: 0)
    private var pending: Part?
    private let vocabulary: Vocabulary
    /// Of tokens whose text is not told yet.
    private var logprobs: [TokenLogprob] = []
    private var isOver = false
    private let details: AnswerDetails
    private var lines: LineLimit
    /// Ids of the tokens that were generated and not taken yet.
    private var tokens: [Token] = []

    /// When it was submitted, and when its first token and its latest came; nil until then.
    private(set) var moments:
        (submitted: ContinuousClock.Instant, first: ContinuousClock.Instant?, last: ContinuousClock.Instant?)

    /// The text that ended it, if one did.
    var matchedStop: String? { stops.matched }

    /// - Parameters:
    ///   - stream: What the engine makes.
    ///   - vocabulary: The model's.
    ///   - stops: Texts that end the answer.
    ///   - preserved: Control tokens that belong to the text.
    ///   - details: What is told beside the text, and where it ends.
    init(
        _ stream: RequestStream,
        vocabulary: Vocabulary,
        stops: [String],
        preserved: Set<Token> = [],
        details: AnswerDetails = AnswerDetails()
    ) {
        self.stream = stream
        self.details = details
        lines = LineLimit(minimumIndent: details.minimumIndent)
        moments = (.now, nil, nil)
        self.stops = StopMatcher(stops)
        self.vocabulary = vocabulary
        detokenizer = IncrementalDetokenizer(vocabulary: vocabulary, preserved: preserved)
    }

    /// The next piece, or nil after the end.
    ///
    /// - Throws: `APIError` where the engine could not finish; `CancellationError` where the reading task was cancelled.
    mutating func next() async throws -> Part? {
        if let part = pending.take() { return part }
        while !isOver {
            guard let event = await stream.events.next() else { throw CancellationError() }
            switch event {
            case .started(let prompt):
                usage = prompt
                defer { logprobs = [] }
                return .prompt(logprobs)
            case .token(let token, let probabilities):
                usage.generated += 1
                moments.last = .now
                if moments.first == nil { moments.first = moments.last }
                if details.tellsTokens { tokens.append(token) }
                if let probabilities { logprobs.append(try logprob(token, probabilities)) }
                if let part = try take(detokenizer.append(token)) { return part }
            case .finished(let reason, let total):
                return close(reason == .stop ? .stop : .length, total)
            case .failed(let error):
                isOver = true
                throw APIError(error, promptParameter: nil)
            case .scored(let tokens):
                logprobs += try tokens.map { try logprob($0.token, $0.probabilities) }
            case .end: break
            case .progress(let usage, let processed):
                return .progress(
                    PromptProgress(
                        total: usage.prompt,
                        cached: usage.cached,
                        processed: processed,
                        duration: moments.submitted.duration(to: .now)
                    )
                )
            case .embedding:
                throw APIError.internalServer
            }
        }
        return nil
    }

    /// The stop string that was found; nil before the end, and where none was.
    var stoppingWord: String? { stops.matched }

    /// Reads to the end.
    mutating func all() async throws -> (text: String, reason: WireFormat.FinishReason, usage: TokenUsage) {
        var text = ""
        while let part = try await next() {
            switch part {
            case .prompt, .progress: break
            case .text(let piece, _): text += piece
            case .end(let reason, let usage): return (text, reason, usage)
            }
        }
        throw APIError.internalServer
    }

    /// How long it took so far.
    var timings: AnswerTimings {
        let first = moments.first ?? .now
        return AnswerTimings(
            cachedTokens: usage.cached,
            promptTokens: usage.prompt - usage.cached,
            promptDuration: moments.submitted.duration(to: first),
            predictedTokens: usage.generated,
            predictedDuration: first.duration(to: moments.last ?? first),
            draftedTokens: usage.drafted,
            acceptedTokens: usage.accepted
        )
    }

    /// What is told beside the text that came last, as far as it is asked for.
    mutating func takeDetails() -> ToldDetails {
        defer { tokens = [] }
        return ToldDetails(
            tokens: details.tellsTokens ? tokens.map { Int($0) } : nil,
            timings: details.tellsTimings ? timings : nil
        )
    }

    private mutating func take(_ text: String) -> Part? {
        guard !text.isEmpty else { return nil }
        let (passed, match) = stops.append(text)
        let emitted = lines.append(passed)
        if match != nil || lines.isOver || isLate(emitted) {
            // The rest of the answer is not wanted: the generation ends here.
            stream.events.cancel()
            isOver = true
            let end = Part.end(match != nil && !lines.isOver ? .stop : .length, usage)
            guard !emitted.isEmpty else { return end }
            pending = end
            return .text(emitted, logprobs)
        }
        guard !emitted.isEmpty else { return nil }
        defer { logprobs = [] }
        return .text(emitted, logprobs)
    }

    /// Whether a line ends in a text that came after the answer's time.
    private func isLate(_ text: String) -> Bool {
        guard let limit = details.timeLimit, let first = moments.first, let last = moments.last else { return false }
        return first.duration(to: last) > limit && text.utf8.contains(UInt8(ascii: "\n"))
    }

    /// The end, behind what the detokenizer and the matcher still held back.
    private mutating func close(_ reason: WireFormat.FinishReason, _ total: TokenUsage) -> Part {
        isOver = true
        usage = total
        let (text, match) = stops.append(detokenizer.finish())
        let rest = lines.append(match == nil ? text + stops.finish() : text)
        let end = Part.end(lines.isOver ? .length : match == nil ? reason : .stop, total)
        guard !rest.isEmpty else { return end }
        pending = end
        return .text(rest, logprobs)
    }

    /// What the engine tells of a token.
    private func logprob(_ token: Token, _ probabilities: TokenProbabilities) throws -> TokenLogprob {
        func entry(_ token: Token, _ logprob: Float) throws -> TokenLogprob.Entry {
            TokenLogprob.Entry(
                bytes: try vocabulary.piece(of: token, special: true),
                logprob: Double(logprob),
                id: Int(token)
            )
        }
        return TokenLogprob(
            chosen: try entry(token, probabilities.chosen),
            top: try probabilities.top.map { try entry($0.token, $0.logprob) },
            form: details.logprobForm
        )
    }
}
