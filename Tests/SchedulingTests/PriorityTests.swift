import Scheduling
import TestSupport
import Testing

@Suite("Priorities and owners")
struct PriorityTests {
    private static let limits = BackendLimits(maxSequences: 4, contextLength: 256, maxStepTokens: 64)

    /// Both kinds keep coming: what each gets is counted.
    @Test("batch work yields to interactive requests, and never stops", arguments: [1, 2, 4, 8])
    func share(sequences: Int) throws {
        let limits = BackendLimits(maxSequences: sequences, contextLength: 256, maxStepTokens: 64)
        var harness = SchedulerHarness(limits)
        var kinds: [RequestID: Scheduling.Priority] = [:]
        for round in 0..<400 {
            for priority in Scheduling.Priority.allCases
            where kinds.keys.count(where: { harness.closings[$0] == nil && kinds[$0] == priority }) < 6 {
                let prompt = [TokenID(round), TokenID(7), priority == .batch ? 1 : 2]
                kinds[try harness.admit(.generation(.endless(prompt, maxTokens: 8)), priority: priority)] = priority
            }
            harness.step()
        }
        let done = harness.closings.keys
        let batch = done.count { kinds[$0] == .batch }
        let interactive = done.count { kinds[$0] == .interactive }
        #expect(batch > 0)
        #expect(interactive >= 2 * batch)
        #expect(batch * 6 >= interactive)
        harness.runToEnd()
    }

    @Test("an interactive request takes a sequence from batch work, which goes on later where it was")
    func preemption() throws {
        var harness = SchedulerHarness(Self.limits)
        let generations = (0..<4).map { Generation.endless([TokenID($0), 5, 6], maxTokens: 30) }
        let batch = try generations.map { try harness.admit(.generation($0), priority: .batch) }
        for _ in 0..<5 { harness.step() }
        let id = try harness.admit(.generation(.endless([99], maxTokens: 2)))
        harness.step()
        #expect(harness.scheduler.setBacks == 1)
        while harness.closings.isEmpty { harness.step() }
        #expect(harness.closings.keys.contains(id))
        harness.runToEnd()
        for (id, generation) in zip(batch, generations) {
            #expect(harness.answers[id] == CheckingBackend.expectedAnswer(to: generation, limits: Self.limits))
        }
    }

    @Test("each priority has a queue of its own")
    func queues() throws {
        var policy = SchedulingPolicy()
        policy.maxWaiting = 2
        var harness = SchedulerHarness(
            BackendLimits(maxSequences: 1, contextLength: 64, maxStepTokens: 8),
            policy: policy
        )
        _ = try harness.admit(.generation(.endless([1])))
        harness.step()
        for _ in 0..<2 { _ = try harness.admit([2], priority: .batch) }
        #expect(throws: SchedulingError.self) { try harness.admit([2], priority: .batch) }
        _ = try harness.admit([3])
    }

    @Test("one key can't take all the places of the queue")
    func fairQueue() throws {
        var policy = SchedulingPolicy()
        policy.maxWaiting = 50
        var harness = SchedulerHarness(policy: policy)
        var admitted = 0
        while (try? harness.admit([1], owner: Owner(rawValue: 0))) != nil { admitted += 1 }
        #expect(admitted >= 40 && admitted < 54)
        _ = try harness.admit([1], owner: Owner(rawValue: 1))
    }

    @Test("the seconds to wait grow with the work that was admitted")
    func retryAfter() throws {
        func seconds(_ tokens: Int) throws -> Int {
            var policy = SchedulingPolicy()
            policy.maxWaiting = 4
            let limits = BackendLimits(maxSequences: 1, contextLength: 10_000, maxStepTokens: 64)
            var costs = StepCosts()
            costs.note(StepLoad(decoding: 1), seconds: 0.1)
            costs.note(StepLoad(decoding: 0, promptTokens: 10), seconds: 0.1)
            var harness = SchedulerHarness(limits, policy: policy, costs: costs)
            do {
                while true { _ = try harness.admit(Array(repeating: 1, count: tokens), maxTokens: 1) }
            } catch let error as SchedulingError {
                guard case .queueFull(let seconds) = error.code else { throw error }
                return seconds
            }
        }
        #expect(try seconds(10) == 1)
        // A prompt token takes ten milliseconds: so long until one of five is done.
        #expect(try seconds(1000) == 11)
        #expect(try seconds(9999) == 101)
    }
}
