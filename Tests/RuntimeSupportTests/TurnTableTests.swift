import Testing

@testable import RuntimeSupport

/// Engines that come back with another step as soon as one has ended, on a clock that only their steps move.
private struct Engines {
    var table = TurnTable()
    var seats: [Int: Duration] = [:]
    private(set) var time: [Int: Duration] = [:]
    private(set) var order: [Int] = []

    /// - Returns: The seat of an engine whose steps take so long.
    mutating func add(weight: Double = 1, step: Duration) -> Int {
        let id = table.add(weight: weight)
        seats[id] = step
        table.ask(id)
        return id
    }

    /// So many turns; each asks again after its step.
    mutating func run(turns: Int) throws {
        for _ in 0..<turns {
            guard case .seat(let id) = table.next(isPatient: true), let step = seats[id] else {
                Issue.record("nobody had a turn: \(table.next(isPatient: true))")
                return
            }
            table.begin(id)
            table.end(id, after: step)
            order.append(id)
            time[id, default: .zero] += step
            table.ask(id)
        }
    }

    func share(_ id: Int) -> Double {
        time[id, default: .zero] / time.values.reduce(.zero, +)
    }
}

@Suite("Turns on the cores")
struct TurnTableTests {
    @Test("engines have the same time, however long their steps are")
    func fairness() throws {
        var engines = Engines()
        let short = engines.add(step: .milliseconds(7))
        let long = engines.add(step: .milliseconds(95))
        try engines.run(turns: 1000)
        #expect(abs(engines.share(short) - 0.5) < 0.02)
        #expect(abs(engines.share(long) - 0.5) < 0.02)
        // Never two of the long steps behind each other: the other's gap is one of them.
        #expect(!zip(engines.order, engines.order.dropFirst()).contains { $0 == long && $1 == long })
    }

    @Test("an engine of thrice the weight has thrice the time")
    func weights() throws {
        var engines = Engines()
        let heavy = engines.add(weight: 3, step: .milliseconds(10))
        let light = engines.add(step: .milliseconds(10))
        try engines.run(turns: 1000)
        #expect(abs(engines.share(heavy) - 0.75) < 0.02)
        #expect(abs(engines.share(light) - 0.25) < 0.02)
    }

    @Test("who rested is not owed what it let pass")
    func rest() throws {
        var engines = Engines()
        let idle = engines.add(step: .milliseconds(10))
        let busy = engines.add(step: .milliseconds(10))
        engines.table.rest(idle)
        try engines.run(turns: 100)
        #expect(engines.order.allSatisfy { $0 == busy })
        engines.table.ask(idle)
        try engines.run(turns: 20)
        let turns = engines.order.suffix(20).count { $0 == idle }
        #expect((9...11).contains(turns))
    }

    @Test("one that is between two steps is expected, for as long as patience lasts, and not while it rests")
    func expectation() {
        var table = TurnTable()
        let (first, second) = (table.add(weight: 1), table.add(weight: 1))
        table.ask(first)
        #expect(table.next(isPatient: true) == .seat(first))
        table.begin(first)
        table.ask(second)
        #expect(table.next(isPatient: true) == .taken)
        table.end(first, after: .milliseconds(1))
        #expect(table.next(isPatient: true) == .seat(second))
        table.begin(second)
        table.end(second, after: .milliseconds(100))
        table.ask(second)
        #expect(table.next(isPatient: true) == .expected(first))
        #expect(table.next(isPatient: false) == .seat(second))
        table.rest(first)
        #expect(table.next(isPatient: true) == .seat(second))
        #expect(!table.hasCompany(second))
        #expect(table.isBusy)
    }

    @Test("a seat that is given up in the middle of its turn holds up nobody")
    func leaving() {
        var table = TurnTable()
        let (first, second) = (table.add(weight: 1), table.add(weight: 1))
        table.ask(first)
        table.begin(first)
        table.ask(second)
        table.remove(first)
        #expect(table.next(isPatient: true) == .seat(second))
        table.end(first, after: .seconds(1))
        table.rest(second)
        #expect(!table.isBusy)
        #expect(table.next(isPatient: true) == .taken)
    }
}

@Suite("Sharing the cores")
struct CoreArbiterTests {
    @Test("never two steps at once, and nobody is left out")
    func exclusion() async throws {
        let arbiter = CoreArbiter()
        let state = Guarded((inside: 0, most: 0, turns: [Int](repeating: 0, count: 4)))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for engine in 0..<4 {
                group.addTask {
                    let seat = arbiter.makeSeat()
                    try await onThread("engine") {
                        for _ in 0..<200 {
                            seat.turn {
                                state.withLock {
                                    $0.inside += 1
                                    $0.most = max($0.most, $0.inside)
                                    $0.turns[engine] += 1
                                }
                                state.withLock { $0.inside -= 1 }
                            }
                        }
                        seat.rest()
                    }
                }
            }
            try await group.waitForAll()
        }
        let (most, turns) = state.withLock { ($0.most, $0.turns) }
        #expect(most == 1)
        #expect(turns == [200, 200, 200, 200])
        #expect(!arbiter.isBusy)
    }

    @Test("an engine that never comes back from between two steps delays others, and stops them not")
    func absent() async throws {
        let arbiter = CoreArbiter()
        let absent = arbiter.makeSeat()
        absent.turn {}
        let turns = try await onThread("engine") {
            let seat = arbiter.makeSeat()
            for _ in 0..<3 { seat.turn {} }
            return seat.hasCompany
        }
        #expect(turns)
    }

    @Test("a long turn that pauses lets others go in between, and goes on behind them")
    func pause() async throws {
        let arbiter = CoreArbiter()
        let long = arbiter.makeSeat()
        let short = arbiter.makeSeat()
        let order = Guarded([String]())
        let other = Task {
            try await onThread("short") {
                for _ in 0..<3 { short.turn { order.withLock { $0.append("short") } } }
                short.rest()
            }
        }
        try await onThread("long") {
            long.turn {
                order.withLock { $0.append("begin") }
                // Until the other has had all of its turns; it has some only if pauses give it the cores.
                while order.withLock({ $0.count { $0 == "short" } }) < 3 { long.pause(quantum: .zero) }
                order.withLock { $0.append("end") }
            }
            long.rest()
        }
        try await other.value
        #expect(order.withLock { $0.last } == "end")
        #expect(!arbiter.isBusy)
    }

    @Test("a step that throws gives the cores back")
    func failure() throws {
        struct Fault: Error {}
        let arbiter = CoreArbiter()
        let seat = arbiter.makeSeat()
        #expect(throws: Fault.self) { try seat.turn { throw Fault() } }
        seat.rest()
        arbiter.makeSeat().turn {}
        #expect(!arbiter.isBusy)
    }
}
