// Into the queues, or an honest refusal.

extension Scheduler {
    /// Takes requests into the queue, all or none.
    ///
    /// - Throws: `queueFull`, or why one of them can never run here.
    package mutating func admit(_ requests: [Request]) throws(SchedulingError) {
        // First what can never run: no later try would help it.
        for request in requests { try check(request) }
        // Those that a free sequence awaits do not wait.
        let free = limits.maxSequences - running.count
        guard requests.count <= policy.maxWaiting + limits.maxSequences else {
            throw SchedulingError(
                .tooMany(limit: policy.maxWaiting + limits.maxSequences),
                "it asks for too much at once"
            )
        }
        for priority in Priority.allCases {
            let new = requests.count { $0.priority == priority }
            guard new > 0 else { continue }
            let queued = waitingCount(priority)
            guard queued + new <= policy.maxWaiting + free else {
                throw queueFull("\(queued) requests are waiting already")
            }
            let left = policy.maxWaiting + free - queued - new
            for owner in Set(requests.map(\.owner)) {
                let mine = requests.count { $0.owner == owner && $0.priority == priority }
                try checkShare(of: owner, priority, adding: mine, left: left)
            }
        }
        mayStart = true
        for request in requests {
            switch request.work {
            case .generation(let generation):
                waiting.append(
                    WaitingGeneration(
                        id: request.id,
                        owner: request.owner,
                        priority: request.priority,
                        generation: generation
                    )
                )
            case .embedding(let texts):
                embeddings.append(WaitingEmbedding(request, texts: texts))
            }
        }
    }

    /// How many seconds the work that was admitted will take yet, by what steps took so far; nil while nothing is known.
    ///
    /// A prompt is taken to cost what it does alone, an answer to be as long as answers have been.
    package var backlogSeconds: Double? {
        let costs = pacing.costs
        let texts = embeddings.reduce(0) { $0 + $1.openTokens }
        let embedding = costs.embeddingToken.map { Double(texts) * $0 }
        guard limits.generates else { return embedding }
        guard let together = costs.decode(max(1, min(limits.maxSequences, running.count + waiting.count))),
            let promptToken = costs.promptTokenAlone ?? costs.promptToken
        else { return nil }
        let token = together / Double(max(1, min(limits.maxSequences, running.count + waiting.count)))
        var seconds = 0.0
        for request in running {
            let done = request.generation.tokens(in: request.done)
            seconds += Double(request.isDecoding ? 0 : request.tokenCount - done) * promptToken
            seconds += answerLength.remaining(request.usage.generated, request.maxTokens) * token
        }
        for request in waiting {
            let prompt = request.progress == nil ? request.tokenCount : 0
            let most = request.generation.maxTokens ?? limits.contextLength
            seconds += Double(prompt) * promptToken
            seconds += answerLength.remaining(request.progress?.usage.generated ?? 0, most) * token
        }
        return seconds + (embedding ?? Double(texts) * promptToken)
    }

    /// Seconds until a place in the queue is likely to be free, 1...120: the backlog, divided among those who leave it.
    var secondsToPlace: Int {
        guard let backlog = backlogSeconds else { return 1 }
        let requests = max(1, running.count + waiting.count + embeddings.count)
        return Int(min(120, max(1, (backlog / Double(requests)).rounded(.up))))
    }

    private func queueFull(_ why: String) -> SchedulingError {
        SchedulingError(.queueFull(retryAfterSeconds: secondsToPlace), why)
    }

    /// One owner's requests take at most four times as many places as they leave, so that others find one.
    ///
    /// Where there are no owners, all places are everybody's.
    private func checkShare(
        of owner: Owner,
        _ priority: Priority,
        adding new: Int,
        left: Int
    ) throws(SchedulingError) {
        guard owner != .anyone, new > 0 else { return }
        let mine =
            waiting.count { $0.owner == owner && $0.priority == priority }
            + embeddings.count { $0.owner == owner && $0.priority == priority }
        guard mine + new <= max(limits.maxSequences, 4 * left) else {
            throw queueFull("\(mine) requests of this key are waiting already, and the rest of the queue is others'")
        }
    }

    private func waitingCount(_ priority: Priority) -> Int {
        waiting.count { $0.priority == priority && $0.progress == nil } + embeddings.count { $0.priority == priority }
    }

    private func check(_ request: Request) throws(SchedulingError) {
        switch request.work {
        case .generation(let generation):
            guard limits.generates else { throw Self.unsupported("generate text") }
            guard !generation.prompt.isEmpty else { throw SchedulingError(.emptyPrompt, "the prompt is empty") }
            let tokens = generation.prompt.reduce(0) { $0 + $1.tokenCount }
            guard tokens < limits.contextLength else {
                throw SchedulingError(
                    .promptTooLong(limit: limits.contextLength, tokens: tokens),
                    "the prompt has \(tokens) tokens, the context \(limits.contextLength)"
                )
            }
            if generation.hasMedia { try checkMedia(of: generation) }
        case .embedding(let texts):
            guard limits.embeds else { throw Self.unsupported("embed") }
            guard !texts.isEmpty, texts.allSatisfy({ !$0.isEmpty }) else {
                throw SchedulingError(.emptyPrompt, "a text is empty")
            }
            let longest = texts.map(\.count).max() ?? 0
            let limit = min(limits.contextLength, limits.maxEmbeddingTokens)
            guard longest <= limit else {
                throw SchedulingError(
                    .promptTooLong(limit: limit, tokens: longest),
                    "a text has \(longest) tokens, the model takes \(limit)"
                )
            }
        }
    }

    private func checkMedia(of generation: Generation) throws(SchedulingError) {
        guard limits.encodesMedia else { throw Self.unsupported("take media") }
        if let first = generation.firstScored, generation.hasMedia(from: first) {
            throw Self.unsupported("tell the probabilities of media, nor those right behind")
        }
        // Logits come of text tokens alone.
        guard generation.prompt.last?.token != nil else { throw Self.unsupported("go on right behind media") }
        for case .media(let item) in generation.prompt where item.isWhole && item.tokenCount > limits.maxStepTokens {
            throw SchedulingError(
                .unsupportedWork,
                "an image has \(item.tokenCount) tokens, which have to be in one step, and a step has \(limits.maxStepTokens)"
            )
        }
    }

    private static func unsupported(_ what: String) -> SchedulingError {
        SchedulingError(.unsupportedWork, "the model does not \(what)")
    }
}

/// How many tokens answers have, as a running average of those that ended.
struct AnswerLength: Sendable {
    private var average = 128.0

    mutating func note(_ tokens: Int) { average += 0.1 * (Double(tokens) - average) }

    /// How many more an answer is likely to get that has so many, of so many at most.
    func remaining(_ tokens: Int, _ most: Int) -> Double {
        let left = Double(max(1, most - tokens))
        // One that is longer than the average already is likely to go on for as long again as answers go on at all.
        return min(left, max(average - Double(tokens), average / 4))
    }
}
