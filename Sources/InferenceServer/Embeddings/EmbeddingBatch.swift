import RuntimeSupport
import Scheduling
import Tokenizer
import WireFormat

/// What is done with a text that is longer than the model takes.
enum EmbeddingOverflow: String, CaseIterable, Sendable {
    /// It is a 400.
    case refuse
    /// It is cut into windows that overlap by a quarter, whose vectors are averaged.
    case window
}

/// The texts of one request as tokens, each in as many pieces as it needs.
struct EmbeddingBatch {
    /// With the tokens around them; one for each text, or its windows one behind the other.
    private(set) var pieces: [[Token]] = []
    /// Where each text's pieces are.
    private var texts: [Range<Int>] = []
    private let model: EmbeddingModel
    private let overflow: EmbeddingOverflow
    /// Tokens of a text in one piece.
    private let room: Int

    /// Texts of a request, windows counted: each is a pass of the model.
    static let maximumPieces = 2_048
    /// The longest text that is tokenized where it may be cut into windows.
    private static let longestText = 8 << 20

    /// - Parameters:
    ///   - model: The one that embeds.
    ///   - overflow: What is done with long texts.
    ///   - window: Tokens in a window, where they are to be shorter than the model takes.
    init(_ model: EmbeddingModel, overflow: EmbeddingOverflow, window: Int? = nil) {
        self.model = model
        self.overflow = overflow
        room = min(window ?? model.textRoom, model.textRoom)
    }

    /// Tokens that are computed, each as often as it is.
    var tokenCount: Int { pieces.reduce(0) { $0 + $1.count } }

    /// Adds a text.
    ///
    /// - Throws: 400 where it is too long.
    mutating func add(_ text: String, param: String) throws(APIError) {
        // No sensible text has so many bytes a token.
        let longest = overflow == .window ? Self.longestText : max(1 << 16, model.maxTokens * 128)
        try add(try model.tokens(of: text, param: param, maximumBytes: longest), param: param)
    }

    /// Adds the start of a text, as much of it as the model takes.
    ///
    /// - Throws: 400 where it is too long to be cut into tokens.
    mutating func add(startOf text: String, param: String) throws(APIError) {
        let tokens = try model.tokens(of: text, param: param, maximumBytes: Self.longestText)
        try add(Array(tokens.prefix(room)), param: param)
    }

    /// Adds a text by its tokens, without those around it.
    ///
    /// - Throws: 400 where it is too long.
    mutating func add(_ tokens: [Token], param: String) throws(APIError) {
        let start = pieces.count
        if overflow == .refuse || tokens.count <= room {
            try model.checkFits(tokens, param: param)
            pieces.append(model.enclosed(tokens))
        } else {
            let stride = max(1, room * 3 / 4)
            var place = 0
            repeat {
                pieces.append(model.enclosed(tokens[place..<min(place + room, tokens.count)]))
                place += stride
            } while place + room - stride < tokens.count && pieces.count <= Self.maximumPieces
        }
        guard pieces.count <= Self.maximumPieces else {
            throw .invalidRequest(
                "Invalid '\(param)': with it, the request has more than the \(Self.maximumPieces) texts, windows of long "
                    + "ones counted, that are embedded at once.",
                param: param,
                code: "context_length_exceeded"
            )
        }
        texts.append(start..<pieces.count)
    }

    /// The vector of each text, of length 1, from those of the pieces.
    func vectors(from vectors: [[Float]]) -> [[Float]] {
        texts.map { range in
            if range.count == 1 { return vectors[range.lowerBound].normalized }
            var mean = [Float](repeating: 0, count: vectors[range.lowerBound].count)
            for place in range {
                let vector = vectors[place].normalized
                // A window that is shorter, at the end, weighs less.
                let weight = Float(pieces[place].count)
                for index in mean.indices { mean[index] += weight * vector[index] }
            }
            return mean.normalized
        }
    }
}

extension [Float] {
    /// The same direction, with length 1; zeros stay zeros.
    var normalized: [Float] {
        let length = reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return length > 0 ? map { Float(Double($0) / length) } : self
    }

    /// The first so many numbers, with length 1.
    func shortened(to dimensions: Int?) -> [Float] {
        guard let dimensions, dimensions < count else { return self }
        return [Float](prefix(dimensions)).normalized
    }

    /// The cosine of two vectors of length 1.
    func dot(_ other: [Float]) -> Float {
        var sum = 0.0
        for index in 0..<Swift.min(count, other.count) { sum += Double(self[index]) * Double(other[index]) }
        return Float(sum)
    }
}

extension EmbeddingModel {
    /// Computes texts, and gives what the model has for each: a vector, or scores.
    ///
    /// Ends early where the calling task is cancelled: no later step works for it.
    ///
    /// - Parameters:
    ///   - texts: Their tokens, with those around them.
    ///   - owner: On whose behalf.
    ///   - priority: How urgent it is.
    ///   - param: What errors call the texts.
    /// - Returns: One for each text, in their order.
    /// - Throws: `APIError` where the queue is full or the engine failed; `CancellationError`.
    func compute(
        _ texts: [[Token]],
        owner: Owner,
        priority: Scheduling.Priority,
        param: String
    ) async throws -> [[Float]] {
        let stream: RequestStream
        do {
            stream = try await engine.submit([.embedding(texts)], owner: owner, priority: priority)[0]
        } catch {
            throw APIError(error, promptParameter: param)
        }
        switch await stream.events.next() {
        case .embedding(let vectors, _): return vectors
        case .failed(let error): throw APIError(error, promptParameter: nil)
        case nil: throw CancellationError()
        case .progress, .started, .scored, .token, .end, .finished: throw APIError.internalServer
        }
    }
}
