// Texts to embed: which of them are in the next step, and what comes of it.

/// A request for the vectors of texts, which are told together once all are there.
struct WaitingEmbedding: Sendable {
    let id: RequestID
    let owner: Owner
    let priority: Priority
    let texts: [[TokenID]]
    /// Of the texts that are computed; empty in the places of the others.
    var vectors: [[Float]]
    /// The places of the texts that are not computed yet, ascending.
    var open: [Int]
    /// The last embedding step that worked for it; 0 for none.
    var lastServed = 0

    init(_ request: Request, texts: [[TokenID]]) {
        id = request.id
        owner = request.owner
        priority = request.priority
        self.texts = texts
        vectors = Array(repeating: [], count: texts.count)
        open = Array(texts.indices)
    }

    /// Tokens that are not computed yet.
    var openTokens: Int { open.reduce(0) { $0 + texts[$1].count } }
}

extension Scheduler {
    /// As many texts as fit: each request gives one in turn, the one that was served longest ago first.
    ///
    /// Owners take turns, and interactive requests go before batch work, except in one step of `batchTurn`. A batch is one
    /// pass over all its tokens without padding; what a larger one wastes is attention between its texts, so texts are added
    /// up to `embeddingTokens` only. They stay in the queue until the commit.
    mutating func embeddingStep() -> Step? {
        guard !embeddings.isEmpty else { return nil }
        embeddingSteps += 1
        var texts: [EmbeddingText] = []
        var taken: [Int: Set<Int>] = [:]
        var room = limits.maxEmbeddingTokens
        var turn = embeddingTurns()
        let most = policy.fixedChunk == nil ? limits.maxSequences : 1
        while !turn.isEmpty, texts.count < most {
            turn = turn.filter { index in
                guard texts.count < most,
                    let place = nextOpen(of: embeddings[index], but: taken[index, default: []], fitting: room)
                else { return false }
                let request = embeddings[index]
                taken[index, default: []].insert(place)
                texts.append(EmbeddingText(request: request.id, place: place, tokens: request.texts[place]))
                // The first text is whole, however long it is; others fill the step up.
                if texts.count == 1 { room = packedTokens }
                room = max(0, room - request.texts[place].count)
                return true
            }
        }
        for index in taken.keys { embeddings[index].lastServed = embeddingSteps }
        return .embeddings(texts)
    }

    /// Tokens up to which texts are added to a step; fewer where they would take too long.
    private var packedTokens: Int {
        let most = min(policy.embeddingTokens, limits.maxEmbeddingTokens)
        guard let each = pacing.costs.embeddingToken, each > 0 else { return most }
        return min(most, Int(pacing.longestStepWithoutStreams / each))
    }

    /// The requests in the order in which they give their first text.
    private func embeddingTurns() -> [Int] {
        let first: Priority = embeddingSteps % policy.batchTurn == 0 ? .batch : .interactive
        var turns: [Owner: Int] = [:]
        return embeddings.indices
            .sorted { (embeddings[$0].lastServed, $0) < (embeddings[$1].lastServed, $1) }
            .map { index in
                let request = embeddings[index]
                turns[request.owner, default: 0] += 1
                return (request.priority == first ? 0 : 1, turns[request.owner, default: 0], request.lastServed, index)
            }
            .sorted(by: <)
            .map(\.3)
    }

    /// The first of a request's next texts that fits; of the next few only, so that long ones do not wait behind all others.
    private func nextOpen(of request: WaitingEmbedding, but taken: Set<Int>, fitting room: Int) -> Int? {
        request.open.lazy.filter { !taken.contains($0) }.prefix(32).first { request.texts[$0].count <= room }
    }

    /// The vectors of a step, to whom all of theirs have come.
    mutating func commit(
        _ texts: [EmbeddingText],
        _ vectors: [[Float]],
        duration: Duration
    ) -> [(RequestID, RequestEvent)] {
        let tokens = texts.reduce(0) { $0 + $1.tokens.count }
        pacing.note(embeddedTokens: tokens, seconds: duration / .seconds(1))
        var events: [(RequestID, RequestEvent)] = []
        for (text, vector) in zip(texts, vectors) {
            // It may have gone meanwhile.
            guard let index = embeddings.firstIndex(where: { $0.id == text.request }) else { continue }
            guard vector.allSatisfy(\.isFinite) else {
                embeddings.remove(at: index)
                let error = SchedulingError(.backendFailed, "the step gave a vector that is none")
                events.append((text.request, .failed(error)))
                continue
            }
            embeddings[index].vectors[text.place] = vector
            embeddings[index].open.removeAll { $0 == text.place }
            guard embeddings[index].open.isEmpty else { continue }
            let request = embeddings.remove(at: index)
            let usage = TokenUsage(prompt: request.texts.reduce(0) { $0 + $1.count })
            events.append((request.id, .embedding(request.vectors, usage)))
        }
        return events
    }
}
