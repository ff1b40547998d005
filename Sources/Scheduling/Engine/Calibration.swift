package import RuntimeSupport

/// Learns what steps cost before anybody waits for them.
package enum Calibration {
    /// About how long it may take; a single step of a large model may take longer.
    private static let patience = Duration.seconds(1)

    /// Runs a few steps with made-up tokens, and leaves the backend as it was.
    ///
    /// - Parameters:
    ///   - backend: Used by nobody else yet.
    ///   - seat: For the turns that the steps take beside other engines.
    /// - Returns: What they took; nothing where a step failed, for then the first requests tell.
    package static func run(_ backend: any Backend, in seat: CoreArbiter.Seat? = nil) -> StepCosts {
        defer { seat?.rest() }
        var calibration = Run(backend: backend, seat: seat)
        calibration.measure()
        calibration.cleanUp()
        return calibration.costs
    }

    /// Runs a few steps of the draft model, where there is one, and leaves the backend as it was.
    ///
    /// - Parameters:
    ///   - backend: Used by nobody else yet.
    ///   - seat: For the turns that the steps take beside other engines.
    /// - Returns: What its steps took; nothing where one failed.
    package static func draft(_ backend: any Backend, in seat: CoreArbiter.Seat? = nil) -> StepCosts {
        defer { seat?.rest() }
        var costs = StepCosts()
        guard backend.limits.draftContextLength >= 256 else { return costs }
        let guesses = 4
        /// Nil where it failed.
        func seconds(_ sequences: Int, read: Int, guesses: Int) -> Double? {
            let slices = (0..<sequences).map { sequence in
                DraftSlice(
                    request: RequestID(rawValue: UInt64(sequence)),
                    sequence: SequenceID(rawValue: Int32(sequence)),
                    position: 0,
                    tokens: Array(repeating: 0, count: read),
                    guesses: guesses
                )
            }
            let (outcome, duration) = time(BatchPlan(step: .draft(slices)), on: backend, in: seat)
            guard case .drafted(let made) = outcome else { return nil }
            let passes = guesses > 0 ? made.map(\.count).max() ?? 0 : 1
            return duration / .seconds(1) / Double(max(1, passes))
        }
        let read = min(64, backend.limits.maxStepTokens)
        // The first step touches memory for the first time.
        guard seconds(1, read: 2, guesses: 1) != nil, let reading = seconds(1, read: read, guesses: 0) else {
            return costs
        }
        for sequences in Set([1, min(4, backend.limits.maxSequences)]).sorted() {
            guard let pass = seconds(sequences, read: 1, guesses: guesses) else { break }
            costs.note(StepLoad(decoding: sequences), seconds: pass)
        }
        let base = costs.decode(1) ?? 0
        costs.note(StepLoad(decoding: 0, promptTokens: read), seconds: max(0, reading - base))
        return costs
    }

    /// Runs a plan in a turn.
    ///
    /// - Returns: What came of it, and what it took, without the wait for the turn.
    private static func time(
        _ plan: BatchPlan,
        on backend: any Backend,
        in seat: CoreArbiter.Seat?
    ) -> (outcome: StepOutcome, duration: Duration) {
        seat.turn {
            let start = ContinuousClock.now
            let outcome = backend.run(plan)
            return (outcome, ContinuousClock.now - start)
        }
    }

    private struct Run {
        let backend: any Backend
        let seat: CoreArbiter.Seat?
        var costs = StepCosts()
        private var positions = [0, 0]
        private var used = Duration.zero

        init(backend: any Backend, seat: CoreArbiter.Seat?) {
            self.backend = backend
            self.seat = seat
        }

        private static let stream = RequestID(rawValue: 0)
        private static let prompt = RequestID(rawValue: .max)

        mutating func measure() {
            if backend.limits.embeds { measureEmbedding() }
            guard backend.limits.generates else { return }
            var sampling = Sampling()
            sampling.temperature = 0
            // The first steps touch memory for the first time.
            guard step([slice(0, 4)], [.startSampling(Self.stream, sampling)]) != nil, step([slice(0, 1)]) != nil else {
                return
            }
            for _ in 0..<3 { note(StepLoad(decoding: 1), [slice(0, 1)]) }
            if backend.limits.cutsSequences { note(StepLoad(decoding: 1, drafts: 4), [slice(0, 5, drafts: 4)]) }
            for count in [16, 64, 256] {
                if backend.limits.maxSequences > 1, count == 16 {
                    note(StepLoad(decoding: 1, promptTokens: count), [slice(0, 1), slice(1, count)])
                }
                note(StepLoad(decoding: 0, promptTokens: count), [slice(0, count)])
            }
        }

        private mutating func measureEmbedding() {
            let most = min(64, backend.limits.contextLength, backend.limits.maxEmbeddingTokens)
            let text = EmbeddingText(request: Self.prompt, tokens: Array(repeating: 0, count: most))
            // The first step touches memory for the first time.
            for isFirst in [true, false] {
                let (outcome, duration) = Calibration.time(BatchPlan(step: .embeddings([text])), on: backend, in: seat)
                guard case .embedded = outcome else { return }
                if !isFirst { costs.note(embeddedTokens: most, seconds: duration / .seconds(1)) }
            }
        }

        func cleanUp() {
            guard backend.limits.generates else { return }
            let sequences = [0, 1].prefix(backend.limits.maxSequences)
            var operations = sequences.map { SequenceOperation.clear(SequenceID(rawValue: Int32($0))) }
            operations.append(.endSampling(Self.stream))
            // A step of nothing: the operations are what counts.
            _ = Calibration.time(BatchPlan(operations: operations, step: .tokens([])), on: backend, in: seat)
        }

        private mutating func note(_ load: StepLoad, _ slices: [TokenSlice?]) {
            guard used < Calibration.patience, let duration = step(slices) else { return }
            costs.note(load, seconds: duration / .seconds(1))
        }

        /// Nil where it does not fit, or failed.
        private mutating func step(_ slices: [TokenSlice?], _ operations: [SequenceOperation] = []) -> Duration? {
            let fitting = slices.compactMap(\.self)
            let tokens = fitting.reduce(0) { $0 + $1.tokens.count }
            guard fitting.count == slices.count, tokens <= backend.limits.maxStepTokens else { return nil }
            let plan = BatchPlan(operations: operations, step: .tokens(fitting))
            let (outcome, duration) = Calibration.time(plan, on: backend, in: seat)
            guard case .sampled = outcome else { return nil }
            used += duration
            for slice in fitting { positions[Int(slice.sequence.rawValue)] += slice.tokens.count }
            return duration
        }

        /// So many tokens of a sequence, or nil where its context has no room for them.
        private func slice(_ sequence: Int, _ count: Int, drafts: Int = 0) -> TokenSlice? {
            guard positions[sequence] + count < backend.limits.contextLength else { return nil }
            return TokenSlice(
                request: sequence == 0 ? Self.stream : Self.prompt,
                sequence: SequenceID(rawValue: Int32(sequence)),
                tokens: Array(repeating: 0, count: count),
                position: positions[sequence],
                samples: count == drafts + 1,
                drafts: drafts
            )
        }
    }
}
