import Testing

@testable import Llama

@Suite("Threads beside other programs")
struct ThreadBudgetTests {
    /// A machine on which others take a share of the cores, and this process what its threads take of the rest.
    private struct Machine {
        var budget: ThreadBudget
        var times = CoreTimes(moment: 100, busy: 1000, own: 50)

        init(cores: Int, most: Int) {
            budget = ThreadBudget(most: most, cores: cores)
            budget.note(times)
        }

        mutating func pass(seconds: Double = 0.25, others: Double) {
            times.moment += seconds
            times.own += seconds * Double(budget.threads)
            times.busy += seconds * (Double(budget.threads) + others)
            budget.note(times)
        }
    }

    @Test("a program that contends for a core gets it, and one that has gone gives it back")
    func yields() {
        var machine = Machine(cores: 2, most: 2)
        machine.pass(others: 0.05)
        #expect(machine.budget.threads == 2)
        // It wants a whole core, and gets half of one beside a thread of ours.
        machine.pass(others: 0.5)
        #expect(machine.budget.threads == 1)
        machine.pass(others: 1)
        #expect(machine.budget.threads == 1)
        machine.pass(others: 0)
        #expect(machine.budget.threads == 2)
    }

    @Test("a steady share of a core changes the number once at most", arguments: (0...40).map { Double($0) * 0.05 })
    func steady(others: Double) {
        var machine = Machine(cores: 2, most: 2)
        var changes = 0
        for _ in 0..<50 {
            let before = machine.budget.threads
            machine.pass(others: others)
            if machine.budget.threads != before { changes += 1 }
        }
        #expect(changes <= 1)
    }

    @Test(
        "threads give way only where cores are short",
        arguments: [
            (cores: 8, most: 8, others: 0.5, threads: 7), (cores: 8, most: 8, others: 3.6, threads: 4),
            (cores: 8, most: 4, others: 3.9, threads: 4), (cores: 4, most: 2, others: 1, threads: 2),
            (cores: 4, most: 4, others: 9, threads: 1), (cores: 1, most: 1, others: 0.9, threads: 1),
        ]
    )
    func counts(cores: Int, most: Int, others: Double, threads: Int) {
        var machine = Machine(cores: cores, most: most)
        machine.pass(others: others)
        #expect(machine.budget.threads == threads)
    }

    @Test("what happened while the model was idle does not count")
    func stale() {
        var machine = Machine(cores: 2, most: 2)
        machine.pass(seconds: 60, others: 1)
        #expect(machine.budget.threads == 2)
        machine.pass(others: 1)
        #expect(machine.budget.threads == 1)
    }

    @Test("a clock that stands still, and counters that go back, do no harm")
    func oddReadings() {
        var machine = Machine(cores: 2, most: 2)
        machine.pass(seconds: 0, others: 1)
        #expect(machine.budget.threads == 2)
        machine.times.busy -= 10
        machine.pass(others: 0)
        #expect(machine.budget.threads == 2)
    }

    @Test("readings are taken four times a second")
    func due() {
        var budget = ThreadBudget(most: 2, cores: 2)
        #expect(budget.isDue(at: 0))
        budget.note(CoreTimes(moment: 10, busy: 0, own: 0))
        #expect(!budget.isDue(at: 10.1))
        #expect(budget.isDue(at: 10.25))
    }

    @Test("busy time is that of the cores that the process may use")
    func parsing() {
        let text = """
            cpu  22 0 6 40 0 0 0 4 0 0
            cpu0 10 1 2 20 3 4 5 6 0 0
            cpu1 100 0 0 20 0 0 0 0 0 0
            cpu12 1000 0 0 0 0 0 0 0 0 0
            intr 5 0 0
            """
        #expect(CoreTimes.busyTicks(text, cores: [0]) == 22)
        #expect(CoreTimes.busyTicks(text, cores: [0, 1]) == 122)
        #expect(CoreTimes.busyTicks(text, cores: [1, 12]) == 1100)
        #expect(CoreTimes.busyTicks(text, cores: []) == nil)
        #expect(CoreTimes.busyTicks("", cores: [0]) == nil)
        #expect(CoreTimes.busyTicks("cpu0 1 2", cores: [0]) == nil)
    }

    @Test("this machine tells its times")
    func reading() throws {
        let first = try #require(CoreTimes.now())
        let second = try #require(CoreTimes.now())
        #expect(second.moment >= first.moment)
        #expect(second.own >= first.own)
        #expect(second.busy >= first.busy)
        #expect(!CoreTimes.usableCores.isEmpty)
    }
}
