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

    /// When it was begun, and when its first token came; nil until then.
    private(set) var moments: (started: ContinuousClock.Instant?, firstToken: ContinuousClock.Instant?)

    /// The text that ended it, if one did.
    var matchedStop: String? { stops.matched }

    /// - Parameters:
    ///   - stream: What the engine makes.
    ///   - vocabulary: The model's.
    ///   - stops: Texts that end the answer.
    ///   - preserved: Control tokens that belong to the text.
    init(_ stream: RequestStream, vocabulary: Vocabulary, stops: [String], preserved: Set<Token> = []) {
        self.stream = stream
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
                moments.started = .now
                defer { logprobs = [] }
                return .prompt(logprobs)
            case .token(let token, let probabilities):
                usage.generated += 1
                if moments.firstToken == nil { moments.firstToken = .now }
                if let probabilities { logprobs.append(try TokenLogprob(token, probabilities, vocabulary)) }
                if let part = try take(detokenizer.append(token)) { return part }
            case .finished(let reason, let total):
                return close(reason == .stop ? .stop : .length, total)
            case .failed(let error):
                isOver = true
                throw APIError(error, promptParameter: nil)
            case .scored(let tokens):
                logprobs += try tokens.map { try TokenLogprob($0.token, $0.probabilities, vocabulary) }
            case .end: break
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
            case .prompt: break
            case .text(let piece, _): text += piece
            case .end(let reason, let usage): return (text, reason, usage)
            }
        }
        throw APIError.internalServer
    }

    private mutating func take(_ text: String) -> Part? {
        guard !text.isEmpty else { return nil }
        let (emitted, match) = stops.append(text)
        if match != nil {
            // The rest of the answer is not wanted: the generation ends here.
            stream.events.cancel()
            isOver = true
            let end = Part.end(.stop, usage)
            guard !emitted.isEmpty else { return end }
            pending = end
            return .text(emitted, logprobs)
        }
        guard !emitted.isEmpty else { return nil }
        defer { logprobs = [] }
        return .text(emitted, logprobs)
    }

    /// The end, behind what the detokenizer and the matcher still held back.
    private mutating func close(_ reason: WireFormat.FinishReason, _ total: TokenUsage) -> Part {
        isOver = true
        usage = total
        let (text, match) = stops.append(detokenizer.finish())
        let rest = match == nil ? text + stops.finish() : text
        let end = Part.end(match == nil ? reason : .stop, total)
        guard !rest.isEmpty else { return end }
        pending = end
        return .text(rest, logprobs)
    }
}

extension TokenLogprob {
    /// What the engine tells of a token.
    fileprivate init(_ token: Token, _ probabilities: TokenProbabilities, _ vocabulary: Vocabulary) throws {
        let entry = { (token: Token, logprob: Float) in
            Entry(bytes: try vocabulary.piece(of: token, special: true), logprob: Double(logprob))
        }
        self.init(
            chosen: try entry(token, probabilities.chosen),
            top: try probabilities.top.map { try entry($0.token, $0.logprob) }
        )
    }
}
