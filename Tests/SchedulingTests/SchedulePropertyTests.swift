import Scheduling
import TestSupport
import Testing

@Suite("Random schedules")
struct SchedulePropertyTests {
    /// Random arrivals, cancels, pauses and failures; after each step the scheduler's state and the plan are checked.
    @Test("every request ends exactly once with the right answer, whatever happens to others", arguments: 0..<400)
    func random(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let limits = BackendLimits(
            maxSequences: Int.random(in: 1...6, using: &random),
            contextLength: 128,
            maxStepTokens: Int.random(in: 8...48, using: &random),
            maxEmbeddingTokens: 40,
            embeds: true,
            encodesMedia: true,
            cutsSequences: seed % 4 != 0
        )
        var policy = SchedulingPolicy()
        policy.maxWaiting = 20
        policy.minimumSharedTokens = Int.random(in: 1...16, using: &random)
        policy.firstChunk = Int.random(in: 1...32, using: &random)
        policy.maxGap = .milliseconds(Int.random(in: 5...200, using: &random))
        var harness = SchedulerHarness(limits, policy: policy)
        var admitted: [RequestID: Work] = [:]
        var cancelled: Set<RequestID> = []
        var paused: Set<RequestID> = []

        for _ in 0..<150 {
            switch Int.random(in: 0..<12, using: &random) {
            case 0...3:
                let work = randomWork(&random)
                let owner = Owner(rawValue: Int.random(in: 0..<2, using: &random))
                do { admitted[try harness.admit(work, owner: owner)] = work } catch is SchedulingError {}
            case 4:
                if let id = harness.scheduler.requests.randomElement(using: &random) {
                    harness.scheduler.cancel(id)
                    cancelled.insert(id)
                }
            case 5:
                if let id = harness.scheduler.requests.randomElement(using: &random) {
                    harness.scheduler.pause(id)
                    paused.insert(id)
                }
            case 6:
                paused.forEach { harness.scheduler.resume($0) }
                paused = []
            case 7:
                let faults: [StepOutcome] = [.noRoom, .failed("a fault"), .aborted]
                let number = harness.record.plans.count + Int.random(in: 0..<4, using: &random)
                harness.record.setOutcome(faults[Int.random(in: 0..<3, using: &random)], ofStep: number)
            default:
                harness.step()
            }
        }
        paused.forEach { harness.scheduler.resume($0) }
        harness.runToEnd()

        #expect(!harness.scheduler.hasRequests)
        for (id, work) in admitted {
            let closings = harness.closings[id] ?? []
            if cancelled.contains(id), closings.isEmpty { continue }
            try #require(closings.count == 1)
            guard case .generation(let generation) = work, case .finished = closings[0] else { continue }
            #expect(harness.answers[id, default: []] == CheckingBackend.expectedAnswer(to: generation, limits: limits))
        }
    }

    private func randomWork(_ random: inout SplitMix64) -> Work {
        if Int.random(in: 0..<6, using: &random) == 0 {
            return .embedding(Array(repeating: 1, count: Int.random(in: 1...40, using: &random)))
        }
        // Few different beginnings, so that prefixes are shared.
        let family = TokenID.random(in: 0..<3, using: &random)
        var prompt = (0..<TokenID.random(in: 1...60, using: &random)).map { PromptItem.token($0 &* 7 &+ family) }
        if Int.random(in: 0..<5, using: &random) == 0 {
            let item = MediaItem(contentHash: UInt64(family), tokenCount: 8, positionCount: 3)
            prompt.insert(.media(item), at: Int.random(in: 0...prompt.count, using: &random))
        }
        if Bool.random(using: &random) { prompt.append(.token(TokenID.random(in: 500..<600, using: &random))) }
        var sampling = Sampling()
        sampling.seed = UInt32.random(in: 0..<4, using: &random)
        return .generation(
            Generation(prompt: prompt, sampling: sampling, maxTokens: Int.random(in: 1...30, using: &random))
        )
    }
}
