import RuntimeSupport
package import Scheduling

/// A backend that computes nothing and checks every plan that it is given.
///
/// It keeps what each sequence's memory would hold. The token that it samples depends on all of that, so a plan that
/// feeds a wrong token, position or prefix changes the answer: `expectedAnswer` says what the answer has to be. A step that
/// it is told to fail leaves rubbish in memory, as a real one would.
package final class CheckingBackend: Backend {
    package let limits: BackendLimits
    private let record: PlanRecord
    private var memory: [[PromptItem]]
    /// A media item of which some tokens lie behind what a sequence holds.
    private var begun: [SequenceID: (item: MediaItem, count: Int)] = [:]
    private var encoded: Set<EncodingKey> = []
    /// The encoding that was begun, and the seconds that it still takes.
    private var begunEncoding: (key: EncodingKey, seconds: Double)?
    /// What an encoding takes.
    package var encodingSeconds = 0.0
    /// What the last encode step took.
    package private(set) var lastEncodingSeconds = 0.0
    /// How many encodings were begun and given up.
    package private(set) var givenUpEncodings = 0
    /// How many items of each sequence were restored and can't be cut.
    private var uncut: [Int]
    private var saved: [StateID: [PromptItem]] = [:]
    /// Whether a copy of this plan is put off until its step.
    private var hasDeferredCopy = false
    private var samplers: [RequestID: Sampling] = [:]
    private var draftModel: CheckingDraftModel

    /// A token of this id or above ends a generation.
    package static let firstEndToken: TokenID = 1000

    /// - Parameters:
    ///   - limits: What it says of itself.
    ///   - record: Where it notes what it sees.
    ///   - draftSkill: How good the draft model is, where the limits say that there is one.
    package init(limits: BackendLimits, record: PlanRecord = PlanRecord(), draftSkill: DraftSkill = .right) {
        self.limits = limits
        self.record = record
        memory = Array(repeating: [], count: limits.maxSequences)
        uncut = Array(repeating: 0, count: limits.maxSequences)
        draftModel = CheckingDraftModel(
            sequences: limits.maxSequences,
            contextLength: limits.draftContextLength,
            skill: draftSkill
        )
    }

    /// How many requests have a sampler, and how many states are saved: none, once all is over.
    package var leftovers: (samplers: Int, states: Int) { (samplers.count, saved.count) }

    package func run(_ plan: BatchPlan) -> StepOutcome {
        let fault = record.begin(plan)
        hasDeferredCopy = false
        for (index, operation) in plan.operations.enumerated() {
            if case .operationFailed(index, _)? = fault, canFail(operation) {
                if let sequence = operation.sequence { spoil(sequence) }
                return .operationFailed(index: index, "a fault")
            }
            apply(operation)
        }
        switch fault {
        case nil, .operationFailed: break
        case .noRoom: return .noRoom
        case .some(let outcome):
            if case .encode = plan.step { begunEncoding = nil }
            if case .draft(let slices) = plan.step { draftModel.spoil(slices) }
            for case (_, let sequence?) in plan.participants { spoil(sequence) }
            return outcome
        }
        guard hasRoom(for: plan) else { return .noRoom }
        switch plan.step {
        case .tokens(let slices):
            check(!slices.isEmpty || !plan.operations.isEmpty, "an empty step")
            let scores = slices.compactMap { score($0) }
            return .sampled(run(slices), scores: scores)
        case .draft(let slices): return .drafted(run(slices))
        case .encode(let step): return encode(step)
        case .media(let slice):
            run(slice)
            return .sampled([])
        case .embeddings(let texts): return .embedded(run(texts))
        }
    }

    package func content(of sequence: SequenceID) -> [UInt8] { Self.bytes(of: memory[index(sequence)]) }

    package func content(of state: StateID) -> [UInt8] {
        check(saved[state] != nil, "\(state) was never saved")
        return Self.bytes(of: saved[state] ?? [])
    }

    package func keep(_ content: [UInt8], as state: StateID) {
        check(saved[state] == nil, "\(state) is saved twice")
        saved[state] = stride(from: 0, to: content.count, by: 4).map { start in
            .token(content[start..<start + 4].reversed().reduce(0) { $0 << 8 | TokenID($1) })
        }
    }

    /// The tokens, four bytes each; there is no media where states are asked for.
    package static func bytes(of items: [PromptItem]) -> [UInt8] {
        items.flatMap { item in (0..<4).map { UInt8(truncatingIfNeeded: (item.token ?? 0) >> ($0 * 8)) } }
    }

    /// Sequences share no cells here: what two hold alike counts twice.
    private func hasRoom(for plan: BatchPlan) -> Bool {
        let held = memory.joined().reduce(begun.values.reduce(0) { $0 + $1.count }) { $0 + $1.tokenCount }
        let new =
            switch plan.step {
            case .tokens(let slices): slices.reduce(0) { $0 + $1.tokens.count }
            case .draft: 0
            case .encode: 0
            case .media(let slice): slice.tokens.count
            case .embeddings: 0
            }
        return held + new <= limits.cacheTokens
    }

    private func canFail(_ operation: SequenceOperation) -> Bool {
        switch operation {
        case .clear, .forget, .endSampling: false
        case .cut, .copy, .save, .restore, .startSampling: true
        }
    }

    /// Half of a step was done, or of an operation.
    private func spoil(_ sequence: SequenceID) { memory[index(sequence)].append(.token(-7)) }

    private func apply(_ operation: SequenceOperation) {
        switch operation {
        case .clear(let sequence):
            begun[sequence] = nil
            memory[index(sequence)] = []
            uncut[index(sequence)] = 0
        case .cut(let sequence, let position):
            check(limits.cutsSequences, "a cut of memory that can't be cut")
            let kept = prefix(of: memory[index(sequence)], positions: position)
            let cutsBegun = begun.removeValue(forKey: sequence) != nil
            check(cutsBegun || kept.count < memory[index(sequence)].count, "a cut that cuts nothing")
            check(kept.count >= uncut[index(sequence)], "a cut of what was restored and can't be cut")
            memory[index(sequence)] = kept
        case .copy(let source, let target, let position):
            check(source != target, "a copy of \(source) to itself")
            check(memory[index(target)].isEmpty, "a copy to \(target), which is not empty")
            let held = memory[index(source)]
            check(!held.isEmpty, "a copy of nothing")
            check(limits.cutsSequences || begun[source] == nil, "a copy of what can't be cut, with a part of an image")
            check(begun[target] == nil, "a copy to \(target), which is not empty")
            memory[index(target)] = prefix(of: held, positions: position)
            uncut[index(target)] = uncut[index(source)]
            hasDeferredCopy = limits.cutsSequences && !limits.cutsStates
            check(memory[index(target)].count >= uncut[index(source)], "a copy of a part of what can't be cut")
            check(
                limits.cutsSequences || memory[index(target)].count == held.count,
                "a copy of a part of memory that can't be cut"
            )
        case .save(let sequence, let state):
            check(saved[state] == nil, "\(state) is saved twice")
            check(!memory[index(sequence)].isEmpty, "nothing is saved")
            check(begun[sequence] == nil, "a part of an image is saved")
            saved[state] = memory[index(sequence)]
        case .restore(let state, let sequence):
            check(
                memory[index(sequence)].isEmpty && begun[sequence] == nil,
                "a state is restored to \(sequence), which is not empty"
            )
            check(saved[state] != nil, "\(state) was never saved")
            check(!hasDeferredCopy, "a state is restored behind a copy that is put off")
            memory[index(sequence)] = saved[state] ?? []
            uncut[index(sequence)] = limits.cutsStates ? 0 : memory[index(sequence)].count
        case .forget(let state):
            check(saved.removeValue(forKey: state) != nil, "\(state) was never saved")
        case .startSampling(let request, let sampling):
            check(samplers[request] == nil, "\(request) has a sampler already")
            samplers[request] = sampling
        case .endSampling(let request):
            samplers[request] = nil
        }
    }

    private func prefix(of items: [PromptItem], positions: Int) -> [PromptItem] {
        var kept = items
        while positions < kept.reduce(0, { $0 + $1.positionCount }) { kept.removeLast() }
        check(kept.reduce(0) { $0 + $1.positionCount } == positions, "a cut within an item, or beyond the end")
        return kept
    }

    private func run(_ slices: [TokenSlice]) -> [[SampledToken]] {
        check(limits.generates, "a token step for a model that does not generate")
        check(Set(slices.map(\.sequence)).count == slices.count, "a sequence twice in a step")
        check(Set(slices.map(\.request)).count == slices.count, "a request twice in a step")
        check(slices.reduce(0) { $0 + $1.tokens.count } <= limits.maxStepTokens, "too many tokens in a step")
        return slices.compactMap { slice in
            let slot = index(slice.sequence)
            check(!slice.tokens.isEmpty, "an empty slice")
            check(begun[slice.sequence] == nil, "\(slice.sequence): tokens behind a part of an image")
            check(
                memory[slot].reduce(0) { $0 + $1.positionCount } == slice.position,
                "\(slice.sequence): wrong position"
            )
            let certain = slice.tokens.dropLast(slice.drafts)
            memory[slot] += certain.map(PromptItem.token)
            guard slice.samples else { return nil }
            var sampled = [sample(slot, for: slice.request)]
            var isRight = true
            for draft in slice.tokens.suffix(slice.drafts) {
                isRight = isRight && sampled.last?.token == draft && sampled.last?.endsGeneration == false
                memory[slot].append(.token(draft))
                if isRight { sampled.append(sample(slot, for: slice.request)) }
            }
            return sampled
        }
    }

    /// The probabilities of a slice that scores, before its tokens are in memory.
    private func score(_ slice: TokenSlice) -> [TokenProbabilities]? {
        guard let scores = slice.scores else { return nil }
        let held = memory[index(slice.sequence)]
        return scores.targets.indices.map { place in
            let before = held + slice.tokens.prefix(scores.offset + place + 1).map(PromptItem.token)
            return Self.probabilities(of: scores.targets[place], after: before, top: scores.top)
        }
    }

    /// Numbers that tell of all items.
    package static func probabilities(of token: TokenID, after items: [PromptItem], top: Int) -> TokenProbabilities {
        let place = Float(choice(after: items, Sampling()).token)
        return TokenProbabilities(
            chosen: -place - Float(token) / 4096,
            top: (0..<top).map { TokenProbabilities.Entry(token: TokenID($0), logprob: -place - Float($0)) }
        )
    }

    private func run(_ slices: [DraftSlice]) -> [[TokenID]] {
        check(slices.reduce(0) { $0 + $1.tokens.count } <= limits.maxStepTokens, "too many tokens in a draft step")
        return draftModel.run(
            slices,
            main: memory,
            next: { items, request in samplers[request].map { Self.choice(after: items, $0) } },
            check: { check($0, $1) }
        )
    }

    private func encode(_ step: EncodeStep) -> StepOutcome {
        check(limits.encodesMedia, "an encode step for a model without media")
        for key in step.forgets { check(encoded.remove(key) != nil, "an encoding is dropped that is not there") }
        check(step.key.hash == step.item.hash, "an item is kept as another")
        check(step.most > .zero, "an encode step without time")
        if let begunEncoding, begunEncoding.key != step.key { rest() }
        let left = begunEncoding?.seconds ?? encodingSeconds
        lastEncodingSeconds = min(left, step.most / .seconds(1))
        guard left <= lastEncodingSeconds else {
            begunEncoding = (step.key, left - lastEncodingSeconds)
            return .encodedInPart
        }
        begunEncoding = nil
        check(encoded.insert(step.key).inserted, "an item is encoded twice")
        return .encoded
    }

    package func rest() {
        if begunEncoding != nil { givenUpEncodings += 1 }
        begunEncoding = nil
    }

    private func run(_ slice: MediaSlice) {
        let slot = index(slice.sequence)
        check(encoded.contains(slice.key), "an item is computed that is not encoded")
        check(memory[slot].reduce(0) { $0 + $1.positionCount } == slice.position, "\(slice.sequence): wrong position")
        check(slice.tokens.count <= limits.maxStepTokens, "too many tokens in a step")
        check(!slice.item.isWhole || slice.tokens.count == slice.item.tokenCount, "a part of an item that is whole")
        let before = begun.removeValue(forKey: slice.sequence)
        check(before?.count ?? 0 == slice.tokens.lowerBound, "\(slice.sequence): tokens of an item out of order")
        check(before.map { $0.item == slice.item } ?? true, "\(slice.sequence): tokens of two items in one")
        if slice.tokens.upperBound == slice.item.tokenCount {
            memory[slot].append(.media(slice.item))
        } else {
            begun[slice.sequence] = (slice.item, slice.tokens.upperBound)
        }
    }

    private func run(_ texts: [EmbeddingText]) -> [[Float]] {
        check(limits.embeds, "an embedding step for a model that does not embed")
        check(!texts.isEmpty && texts.count <= limits.maxSequences, "\(texts.count) texts in a step")
        check(texts.reduce(0) { $0 + $1.tokens.count } <= limits.maxEmbeddingTokens, "too many tokens in a step")
        return texts.map { $0.tokens.map(Float.init) }
    }

    private func sample(_ slot: Int, for request: RequestID) -> SampledToken {
        let held = memory[slot].reduce(0) { $0 + $1.tokenCount }
        check(held <= limits.contextLength, "more than the context in a sequence")
        guard let sampling = samplers[request] else {
            record.fail("\(request) samples without a sampler")
            return SampledToken(token: 0, endsGeneration: true)
        }
        let choice = Self.choice(after: memory[slot], sampling)
        guard let top = sampling.logprobs else { return choice }
        let probabilities = Self.probabilities(of: choice.token, after: memory[slot], top: top)
        return SampledToken(
            token: choice.token,
            endsGeneration: choice.endsGeneration,
            probabilities: probabilities
        )
    }

    private func index(_ sequence: SequenceID) -> Int {
        let index = Int(sequence.rawValue)
        check(memory.indices.contains(index), "there is no \(sequence)")
        return memory.indices.contains(index) ? index : 0
    }

    private func check(_ condition: Bool, _ message: @autoclosure () -> String) {
        if !condition { record.fail(message()) }
    }

    /// What is sampled after these items: a function of all of them and of the seed.
    private static func choice(after items: [PromptItem], _ sampling: Sampling) -> SampledToken {
        // A token that is made certain is all that the answer has.
        if let certain = sampling.logitBias.first(where: { $0.bias >= 100 }) {
            return SampledToken(token: certain.token, endsGeneration: false)
        }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(sampling.seed)
        for item in items {
            let value: UInt64 =
                switch item {
                case .token(let token): UInt64(UInt32(bitPattern: token))
                case .media(let media): media.hash.low | 1 << 63
                }
            hash = (hash ^ value) &* 0x100_0000_01B3
        }
        let ends = !sampling.ignoresEnd && hash >> 32 & 31 == 0
        let token = TokenID(hash >> 40 % 1000)
        return SampledToken(token: ends ? firstEndToken : token, endsGeneration: ends)
    }

    /// The answer that a generation has to give, whoever else is there.
    package static func expectedAnswer(to generation: Generation, limits: BackendLimits) -> [TokenID] {
        var items = generation.prompt
        let room = limits.contextLength - items.reduce(0) { $0 + $1.tokenCount }
        var answer: [TokenID] = []
        while answer.count < min(generation.maxTokens ?? room, room) {
            let next = choice(after: items, generation.sampling)
            if next.endsGeneration { break }
            answer.append(next.token)
            items.append(.token(next.token))
        }
        return answer
    }
}

/// What a `CheckingBackend` has seen, readable from any thread while it runs.
package final class PlanRecord: Sendable {
    private struct State {
        var plans: [BatchPlan] = []
        var failures: [String] = []
        var faults: [Int: StepOutcome] = [:]
        var gate: (@Sendable (BatchPlan) -> Void)?
    }

    private let state = Guarded(State())

    package init() {}

    package var plans: [BatchPlan] { state.withLock { $0.plans } }
    /// What was wrong with the plans, in sentences.
    package var failures: [String] { state.withLock { $0.failures } }

    /// Makes the step of this number (from 0) come out so instead of being done.
    package func setOutcome(_ outcome: StepOutcome, ofStep number: Int) {
        state.withLock { $0.faults[number] = outcome }
    }

    /// Called on the engine's thread within each step; may block it.
    package func setGate(_ gate: (@Sendable (BatchPlan) -> Void)?) {
        state.withLock { $0.gate = gate }
    }

    func fail(_ message: String) { state.withLock { $0.failures.append(message) } }

    func begin(_ plan: BatchPlan) -> StepOutcome? {
        let (fault, gate) = state.withLock { state in
            state.plans.append(plan)
            return (state.faults[state.plans.count - 1], state.gate)
        }
        gate?(plan)
        return fault
    }
}
