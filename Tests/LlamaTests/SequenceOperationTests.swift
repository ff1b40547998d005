import Llama
import RuntimeSupport
import Scheduling
import TestSupport
import Testing
import Tokenizer

/// Plans by hand: operations on sequences in orders that a scheduler seldom makes.
@Suite("Operations on sequences", .serialized)
struct SequenceOperationTests {
    /// A backend whose sequences are filled and continued one call at a time.
    private struct Bench {
        let backend: LlamaBackend
        let abort = AbortFlag()

        init(_ kind: TinyModel, sequences: Int) throws {
            backend = try kind.makeBackend(sequences: sequences, abort: abort)
        }

        /// Runs a step of slices of several sequences, none of which samples.
        func compute(_ parts: [(sequence: Int, tokens: [Token], position: Int)]) -> StepOutcome {
            backend.run(
                BatchPlan(
                    step: .tokens(
                        parts.map {
                            TokenSlice(
                                request: RequestID(rawValue: UInt64($0.sequence)),
                                sequence: SequenceID(rawValue: Int32($0.sequence)),
                                tokens: $0.tokens,
                                position: $0.position,
                                samples: false
                            )
                        }
                    )
                )
            )
        }

        /// Draws a few tokens after `prompt`, all of which but the last is in a sequence after the operations.
        func draw(_ sequence: Int, after prompt: [Token], _ operations: [SequenceOperation] = []) throws -> [Token] {
            let request = RequestID(rawValue: UInt64(sequence))
            var operations = operations + [.startSampling(request, .drawn)]
            var tokens = prompt
            for _ in 0..<12 {
                let slice = TokenSlice(
                    request: request,
                    sequence: SequenceID(rawValue: Int32(sequence)),
                    tokens: [tokens[tokens.count - 1]],
                    position: tokens.count - 1,
                    samples: true
                )
                let outcome = backend.run(BatchPlan(operations: operations, step: .tokens([slice])))
                operations = []
                guard case .sampled(let samples, _) = outcome, let token = samples.first?.first?.token else {
                    throw SchedulingError(.backendFailed, "\(outcome)")
                }
                tokens.append(token)
            }
            return Array(tokens.dropFirst(prompt.count))
        }
    }

    private func isSampled(_ outcome: StepOutcome) -> Bool { if case .sampled = outcome { true } else { false } }
    private func isAborted(_ outcome: StepOutcome) -> Bool { if case .aborted = outcome { true } else { false } }

    @Test("a step that is cut off changes no sequence that is not in it", arguments: TinyModel.allCases)
    func abortedStep(kind: TinyModel) throws {
        let prompts = (0..<3).map { TinyModel.letters(40, seed: 10 + $0) }
        let bench = try Bench(kind, sequences: 3)
        #expect(isSampled(bench.compute([(0, Array(prompts[2].dropLast()), 0)])))
        let expected = try bench.draw(0, after: prompts[2])
        #expect(
            isSampled(bench.backend.run(BatchPlan(operations: [.clear(SequenceID(rawValue: 0))], step: .tokens([]))))
        )

        // Filled in this order, the states of 0 and 1 do not lie side by side: a step of both moves that of 2.
        for sequence in [0, 2, 1] {
            #expect(isSampled(bench.compute([(sequence, Array(prompts[sequence].dropLast()), 0)])))
        }
        bench.abort.raise()
        let outcome = bench.compute([(0, Array(prompts[0].suffix(1)), 39), (1, Array(prompts[1].suffix(1)), 39)])
        #expect(isAborted(outcome) == kind.cutsSequences)
        bench.abort.lower()
        #expect(try bench.draw(2, after: prompts[2]) == expected)

        // Alone in its step, a sequence can always be let go.
        bench.abort.raise()
        #expect(isAborted(bench.compute([(1, TinyModel.letters(1, seed: 13), kind.cutsSequences ? 39 : 40)])))
        bench.abort.lower()
        let clear = [SequenceOperation.clear(SequenceID(rawValue: 1)), .clear(SequenceID(rawValue: 2))]
        #expect(isSampled(bench.backend.run(BatchPlan(operations: clear, step: .tokens([])))))
        #expect(isSampled(bench.compute([(1, Array(prompts[2].dropLast()), 0)])))
        #expect(try bench.draw(1, after: prompts[2]) == expected)
    }

    @Test("after a copy its source can be given a saved state", arguments: [TinyModel.mamba, .jamba])
    func copyThenRestore(kind: TinyModel) throws {
        let ids = (0..<3).map { SequenceID(rawValue: $0) }
        let state = StateID(rawValue: 1)
        // More than a third of the context, where a copy between streams is put off until the step.
        let long = TinyModel.letters(300, seed: 20)
        let other = TinyModel.letters(60, seed: 21)
        let bench = try Bench(kind, sequences: 3)
        #expect(isSampled(bench.compute([(2, Array(other.dropLast()), 0)])))
        #expect(isSampled(bench.backend.run(BatchPlan(operations: [.save(ids[2], state)], step: .tokens([])))))
        let expectedOther = try bench.draw(2, after: other)
        #expect(isSampled(bench.compute([(0, Array(long.dropLast()), 0)])))
        let operations: [SequenceOperation] = [
            .copy(from: ids[0], to: ids[1], upTo: 299), .clear(ids[0]), .restore(state, ids[0]),
        ]
        let copied = try bench.draw(1, after: long, operations)
        #expect(try bench.draw(0, after: other) == expectedOther)

        let fresh = try Bench(kind, sequences: 3)
        #expect(isSampled(fresh.compute([(0, Array(long.dropLast()), 0)])))
        #expect(try fresh.draw(0, after: long) == copied)
    }

    @Test("a copy of a copy, and a state saved of one, hold what they should", arguments: [TinyModel.mamba, .jamba])
    func copyThenCopy(kind: TinyModel) throws {
        let ids = (0..<4).map { SequenceID(rawValue: $0) }
        let state = StateID(rawValue: 1)
        let long = TinyModel.letters(300, seed: 22)
        let bench = try Bench(kind, sequences: 4)
        #expect(isSampled(bench.compute([(0, Array(long.dropLast()), 0)])))
        let operations: [SequenceOperation] = [
            .copy(from: ids[0], to: ids[1], upTo: 299), .copy(from: ids[1], to: ids[2], upTo: 299),
            .save(ids[1], state), .restore(state, ids[3]),
        ]
        let answers =
            [try bench.draw(2, after: long, operations)] + [
                try bench.draw(1, after: long), try bench.draw(3, after: long),
            ]

        let fresh = try Bench(kind, sequences: 4)
        #expect(isSampled(fresh.compute([(0, Array(long.dropLast()), 0)])))
        let expected = try fresh.draw(0, after: long)
        for answer in answers { #expect(answer == expected) }
    }

    @Test("where a copy is put off until the step, what would not find it is refused")
    func deferredCopy() throws {
        let ids = (0..<4).map { SequenceID(rawValue: $0) }
        let state = StateID(rawValue: 1)
        let long = TinyModel.letters(300, seed: 23)
        let bench = try Bench(.gemma2, sequences: 4)
        #expect(isSampled(bench.compute([(0, Array(long.dropLast()), 0)])))
        let copies: [SequenceOperation] = [
            .copy(from: ids[0], to: ids[1], upTo: 60), .copy(from: ids[1], to: ids[2], upTo: 60),
        ]
        let outcome = bench.backend.run(BatchPlan(operations: copies + [.save(ids[1], state)], step: .tokens([])))
        guard case .operationFailed(index: 2, _) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        let prompt = Array(long.prefix(61))
        let answers = [try bench.draw(2, after: prompt), try bench.draw(1, after: prompt)]
        #expect(isSampled(bench.backend.run(BatchPlan(operations: [.save(ids[1], state)], step: .tokens([])))))

        let fresh = try Bench(.gemma2, sequences: 4)
        #expect(isSampled(fresh.compute([(0, Array(prompt.dropLast()), 0)])))
        let expected = try fresh.draw(0, after: prompt)
        for answer in answers { #expect(answer == expected) }
    }
}
