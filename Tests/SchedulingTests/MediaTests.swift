import TestSupport
import Testing

@testable import Scheduling

@Suite("Media in prompts")
struct MediaTests {
    private static let limits: BackendLimits = {
        var limits = BackendLimits(maxSequences: 4, contextLength: 256, maxStepTokens: 64, encodesMedia: true)
        limits.encodingBytesPerToken = 4
        return limits
    }()
    private let limits = Self.limits

    private static func image(_ number: UInt64, tokens: Int = 16, isWhole: Bool = false) -> PromptItem {
        .media(MediaItem(hash: MediaHash(low: number), tokenCount: tokens, positionCount: 4, isWhole: isWhole))
    }

    private static func text(_ tokens: ClosedRange<TokenID>) -> [PromptItem] { tokens.map(PromptItem.token) }

    private func check(_ harness: SchedulerHarness, _ id: RequestID, _ generation: Generation) {
        #expect(harness.answers[id, default: []] == CheckingBackend.expectedAnswer(to: generation, limits: limits))
    }

    @Test("an item is encoded alone and computed at its place, its tokens and its positions counted each by itself")
    func place() throws {
        var harness = SchedulerHarness(limits)
        let prompt = Self.text(1...2) + [Self.image(1), .token(3), Self.image(1), .token(4)]
        let generation = Generation(prompt: prompt, maxTokens: 5)
        let id = try harness.admit(.generation(generation))
        harness.runToEnd()
        #expect(harness.record.plans.compactMap(\.media).map(\.position) == [2, 7])
        #expect(harness.record.plans.compactMap(\.encode).count == 1)
        #expect(harness.usage(id)?.prompt == 36)
        check(harness, id, generation)
    }

    @Test("an image is encoded once for all requests of its owner, and again for another's")
    func encodedOnce() throws {
        var harness = SchedulerHarness(limits)
        func ask(_ first: TokenID, of owner: Int) throws {
            // Nothing before it is alike, so its keys and values can't be gone on from.
            let prompt = [.token(first), Self.image(1), .token(first + 1)]
            let generation = Generation(prompt: prompt, maxTokens: 2)
            let id = try harness.admit(.generation(generation), owner: Owner(rawValue: owner))
            harness.runToEnd()
            check(harness, id, generation)
        }
        for first: TokenID in [1, 11, 21] { try ask(first, of: 1) }
        #expect(harness.record.plans.compactMap(\.encode).count == 1)
        try ask(31, of: 2)
        #expect(harness.record.plans.compactMap(\.encode).map(\.key.owner.rawValue) == [1, 2])
    }

    @Test("two requests that come at once encode their image once")
    func atOnce() throws {
        var harness = SchedulerHarness(limits)
        for first: TokenID in [1, 11] {
            let prompt = [.token(first), Self.image(1), .token(2)]
            _ = try harness.admit(.generation(Generation(prompt: prompt, maxTokens: 2)))
        }
        harness.runToEnd()
        #expect(harness.record.plans.compactMap(\.encode).count == 1)
        #expect(Set(harness.record.plans.compactMap(\.media).map(\.request)).count == 2)
    }

    @Test("a conversation goes on behind its image without encoding or computing it again")
    func nextTurn() throws {
        var harness = SchedulerHarness(limits)
        let prompt = [.token(1), Self.image(1)] + Self.text(2...3)
        var sampling = Sampling()
        sampling.ignoresEnd = true
        let first = try harness.admit(.generation(Generation(prompt: prompt, sampling: sampling, maxTokens: 4)))
        harness.runToEnd()
        let answer = harness.answers[first, default: []].map(PromptItem.token)
        let next = Generation(prompt: prompt + answer + Self.text(5...6), maxTokens: 4)
        let id = try harness.admit(.generation(next))
        harness.runToEnd()
        #expect(harness.record.plans.compactMap(\.media).count == 1)
        #expect(harness.usage(id)?.cached == 19 + 3)
        check(harness, id, next)
    }

    @Test("an image is worth its tokens: a copy of little else is made for it")
    func worth() throws {
        var policy = SchedulingPolicy()
        policy.minimumSharedTokens = 10
        var harness = SchedulerHarness(limits, policy: policy)
        let beginning = [.token(1), Self.image(1)]
        let long = Generation(prompt: beginning + Self.text(100...140), maxTokens: 2)
        _ = try harness.admit(.generation(long))
        harness.runToEnd()
        let short = Generation(prompt: beginning + [.token(7)], maxTokens: 2)
        let id = try harness.admit(.generation(short))
        harness.runToEnd()
        #expect(harness.usage(id)?.cached == 17)
        check(harness, id, short)
    }

    @Test("encodings are kept within their bound, those that were used last")
    func bound() throws {
        var policy = SchedulingPolicy()
        policy.encodingBytes = 2 * 16 * 4
        var harness = SchedulerHarness(limits, policy: policy)
        var first: TokenID = 0
        for number: UInt64 in [1, 2, 1, 3, 1, 2] {
            first += 10
            let prompt = [.token(first), Self.image(number), .token(1)]
            _ = try harness.admit(.generation(Generation(prompt: prompt, maxTokens: 1)))
            harness.runToEnd()
        }
        let encoded = harness.record.plans.compactMap(\.encode)
        #expect(encoded.map(\.key.hash.low) == [1, 2, 3, 2])
        #expect(encoded.flatMap(\.forgets).map(\.hash.low) == [2, 3])
    }

    @Test("images larger than the bound are computed all the same, side by side")
    func beyondBound() throws {
        var policy = SchedulingPolicy()
        policy.encodingBytes = 1
        var harness = SchedulerHarness(limits, policy: policy)
        let stream = try harness.admit(.generation(.endless([9], maxTokens: 40)))
        for number: UInt64 in 1...3 {
            let prompt = [.token(TokenID(number)), Self.image(number, tokens: 60), .token(1)]
            _ = try harness.admit(.generation(Generation(prompt: prompt, maxTokens: 2)))
        }
        harness.runToEnd()
        #expect(harness.closings.count == 4)
        #expect(harness.answers[stream]?.count == 40)
        #expect(harness.record.plans.compactMap(\.encode).count == 3)
    }

    @Test("beside a stream an image's tokens come in chunks of a prompt's size, and its time is a prompt's share")
    func pacing() throws {
        let cost = StepCost()
        var policy = SchedulingPolicy()
        policy.maxGap = .milliseconds(50)
        var harness = SchedulerHarness(limits, policy: policy, costs: cost.learned)
        let stream = try harness.admit(.generation(.endless([9], maxTokens: 200)))
        harness.step()
        let generation = Generation(prompt: [.token(1), Self.image(1, tokens: 128), .token(2)], maxTokens: 1)
        let id = try harness.admit(.generation(generation))
        while harness.closings[id] == nil, harness.step() != nil {}
        let chunks = harness.record.plans.compactMap(\.media).map(\.tokens.count)
        #expect(chunks.count > 4 && chunks.allSatisfy { $0 <= 15 })
        // The encoding took 50 ms: the stream had its part of the time before the first chunk.
        let plans = harness.record.plans
        let encode = try #require(plans.firstIndex { $0.encode != nil })
        let chunk = try #require(plans.firstIndex { $0.media != nil })
        #expect(plans[encode..<chunk].count { !$0.slices.isEmpty } >= 2)
        harness.runToEnd()
        #expect(harness.answers[stream]?.count == 200)
        check(harness, id, generation)
    }

    @Test("beside a stream an encoding goes on in parts that keep to the gap, with a token of the stream behind each")
    func parts() throws {
        var cost = StepCost()
        cost.encode = 1
        var policy = SchedulingPolicy()
        policy.maxGap = .milliseconds(50)
        var harness = SchedulerHarness(limits, policy: policy, costs: cost.learned)
        harness.cost = cost
        let stream = try harness.admit(.generation(.endless([9], maxTokens: 200)))
        harness.step()
        let generation = Generation(prompt: [.token(1), Self.image(1), .token(2)], maxTokens: 1)
        let id = try harness.admit(.generation(generation))
        var last = harness.elapsed
        while harness.closings[id] == nil, let plan = harness.step() {
            guard plan.slices.contains(where: { $0.request == stream }) else { continue }
            #expect(harness.elapsed - last <= 0.051)
            last = harness.elapsed
        }
        let parts = harness.record.plans.compactMap(\.encode)
        #expect(parts.count > 20 && Set(parts.map(\.key)).count == 1)
        #expect(harness.scheduler.begunEncoding == nil)
        harness.runToEnd()
        #expect(harness.answers[stream]?.count == 200)
        check(harness, id, generation)
    }

    @Test("without streams its parts are longer, but not endless: who comes meanwhile has the next step")
    func partsAlone() throws {
        var harness = SchedulerHarness(limits)
        harness.cost.encode = 3.5
        let generation = Generation(prompt: [.token(1), Self.image(1), .token(2)], maxTokens: 1)
        let id = try harness.admit(.generation(generation))
        while harness.record.plans.last?.encode == nil { harness.step() }
        let stream = try harness.admit(.generation(.endless([9], maxTokens: 4)))
        let start = harness.elapsed
        while harness.answers[stream] == nil { harness.step() }
        #expect(harness.elapsed - start < 1)
        harness.runToEnd()
        check(harness, id, generation)
    }

    @Test("what is begun is ended before another encoding begins, whoever's it is")
    func oneAtATime() throws {
        var harness = SchedulerHarness(limits)
        harness.cost.encode = 5
        for (number, priority) in [(UInt64(1), Priority.batch), (2, .interactive), (3, .interactive)] {
            let prompt = [.token(TokenID(number)), Self.image(number), .token(9)]
            _ = try harness.admit(.generation(Generation(prompt: prompt, maxTokens: 1)), priority: priority)
        }
        harness.runToEnd()
        #expect(harness.closings.count == 3 && harness.backend.givenUpEncodings == 0)
        let keys = harness.record.plans.compactMap(\.encode).map(\.key.hash.low)
        #expect(keys.count == 15)
        #expect(zip(keys, keys.dropFirst()).count { $0 != $1 } == 2)
    }

    @Test("an encoding that nobody waits for any more is given up for another, and one that is cut off begins anew")
    func givenUp() throws {
        var harness = SchedulerHarness(limits)
        harness.cost.encode = 2.5
        let left = try harness.admit(.generation(Generation(prompt: [.token(1), Self.image(1), .token(2)])))
        while harness.record.plans.last?.encode == nil { harness.step() }
        harness.scheduler.cancel(left)
        let generation = Generation(prompt: [.token(1), Self.image(2), .token(2)], maxTokens: 3)
        let next = try harness.admit(.generation(generation))
        harness.runToEnd()
        #expect(harness.backend.givenUpEncodings == 1)
        check(harness, next, generation)
        // Cut off in its second part: its request ends, and the next one that shows the image has all of it encoded.
        let parts = harness.record.plans.count
        harness.record.setOutcome(.aborted, ofStep: parts + 2)
        let again = Generation(prompt: [.token(7), Self.image(1), .token(2)], maxTokens: 3)
        let cut = try harness.admit(.generation(again))
        while harness.closings[cut] == nil, harness.step() != nil {}
        let id = try harness.admit(.generation(again))
        harness.runToEnd()
        check(harness, id, again)
    }

    @Test("without streams an image's tokens come in steps that are full; a whole one in one step beside streams, too")
    func chunks() throws {
        var harness = SchedulerHarness(limits)
        let wide = Generation(prompt: [Self.image(1, tokens: 100), .token(2)], maxTokens: 1)
        _ = try harness.admit(.generation(wide))
        harness.runToEnd()
        #expect(harness.record.plans.compactMap(\.media).map(\.tokens) == [0..<64, 64..<100])
        _ = try harness.admit(.generation(.endless([9], maxTokens: 20)))
        let whole = Generation(prompt: [Self.image(2, tokens: 64, isWhole: true), .token(2)], maxTokens: 1)
        let id = try harness.admit(.generation(whole))
        harness.runToEnd()
        #expect(harness.record.plans.compactMap(\.media).last?.tokens == 0..<64)
        check(harness, id, whole)
    }

    @Test("whoever leaves in the middle of an image leaves nothing of it behind", arguments: [true, false])
    func cancelled(cuts: Bool) throws {
        var limits = limits
        limits.cutsSequences = cuts
        limits.maxSequences = 1
        for leavesWithin in [false, true] {
            var harness = SchedulerHarness(limits)
            let prompt = Self.text(1...5) + [Self.image(1, tokens: 150), .token(2)]
            let id = try harness.admit(.generation(Generation(prompt: prompt, maxTokens: 1)))
            while harness.record.plans.last?.media == nil { harness.step() }
            if leavesWithin, let plan = harness.scheduler.plan() {
                let outcome = harness.backend.run(plan)
                harness.scheduler.cancel(id)
                harness.commit(plan, outcome)
            } else {
                harness.scheduler.cancel(id)
            }
            for prompt in [prompt, Self.text(1...5) + [.token(8)]] {
                let generation = Generation(prompt: prompt, maxTokens: 3)
                let next = try harness.admit(.generation(generation))
                harness.runToEnd()
                check(harness, next, generation)
                #expect(harness.usage(next)?.cached == (cuts ? 5 : 0))
            }
        }
    }

    @Test("a prompt that gives way in the middle of an image goes on from before it")
    func setBack() throws {
        var limits = limits
        limits.maxSequences = 1
        limits.stateBytesPerToken = 1
        var policy = SchedulingPolicy()
        policy.batchSteps = 3
        var harness = SchedulerHarness(limits, policy: policy)
        let prompt = Self.text(1...5) + [Self.image(1, tokens: 180), .token(2)]
        let batch = Generation(prompt: prompt, maxTokens: 3)
        let id = try harness.admit(.generation(batch), priority: .batch)
        while harness.record.plans.last?.media == nil { harness.step() }
        let interactive = Generation.tokens([7, 8, 9], maxTokens: 2)
        let other = try harness.admit(.generation(interactive))
        harness.runToEnd()
        #expect(harness.scheduler.setBacks == 1)
        check(harness, id, batch)
        check(harness, other, interactive)
    }

    @Test("a failed encoding fails its request alone; a failed step of media too")
    func faults() throws {
        for step in 1...2 {
            var harness = SchedulerHarness(limits)
            harness.record.setOutcome(.failed("a fault"), ofStep: step)
            let broken = try harness.admit(.generation(Generation(prompt: [.token(1), Self.image(1), .token(2)])))
            harness.runToEnd()
            guard case .failed? = harness.closings[broken]?.first else {
                Issue.record("it should have failed")
                continue
            }
            let again = Generation(prompt: [.token(1), Self.image(1), .token(2)], maxTokens: 3)
            let id = try harness.admit(.generation(again))
            harness.runToEnd()
            check(harness, id, again)
        }
    }

    @Test("what can't be computed is refused: media at the end, scores of them, a whole item larger than a step")
    func refused() {
        var harness = SchedulerHarness(limits)
        let refused = [
            Generation(prompt: [.token(1), Self.image(1)]),
            Generation(prompt: [Self.image(1), .token(1)], scoring: PromptScoring(top: 0)),
            Generation(prompt: [.token(1), Self.image(1), .token(1)], scoring: PromptScoring(start: 2, top: 0)),
            Generation(prompt: [Self.image(1, tokens: 65, isWhole: true), .token(1)]),
            Generation(prompt: [Self.image(1, tokens: 256), .token(1)]),
        ]
        for generation in refused {
            #expect(throws: SchedulingError.self) { try harness.admit(.generation(generation)) }
        }
    }

    @Test("what stands behind an image is scored")
    func scored() throws {
        var harness = SchedulerHarness(limits)
        let prompt = [.token(1), Self.image(1)] + Self.text(2...9)
        let generation = Generation(prompt: prompt, maxTokens: 0, scoring: PromptScoring(start: 5, top: 1))
        let id = try harness.admit(.generation(generation))
        harness.runToEnd()
        #expect(harness.scores[id]?.map(\.token) == Array(5...9))
        let expected = (5...9).map { place in
            CheckingBackend.probabilities(of: TokenID(place), after: Array(prompt.prefix(place)), top: 1)
        }
        #expect(harness.scores[id]?.map(\.probabilities) == expected)
    }

    @Test("in fixed chunks an image's tokens are cut alike, whoever else is there")
    func fixed() throws {
        var policy = SchedulingPolicy()
        policy.fixedChunk = 12
        var harness = SchedulerHarness(limits, policy: policy)
        _ = try harness.admit(.generation(.endless([9], maxTokens: 20)))
        let generation = Generation(prompt: [.token(1), Self.image(1, tokens: 30), .token(2)], maxTokens: 2)
        let id = try harness.admit(.generation(generation))
        harness.runToEnd()
        #expect(harness.record.plans.compactMap(\.media).map(\.tokens) == [0..<12, 12..<24, 24..<30])
        check(harness, id, generation)
    }
}
