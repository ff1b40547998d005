internal import Foundation

/// Shares the machine's cores between engines, so that never two work on all of them at once: they take turns.
///
/// Native code spreads every step over all cores, and its threads wait for each other many times in a step: two steps at
/// once take far longer than one after the other. Engines that can stop between two steps, such as a token's, a batch's of
/// texts, a frame's of speech, take a seat each and a turn for each step. `TurnTable` says whose turn it is.
///
/// Work that is longer than a step and can pause in the middle, such as a transcription, has a turn that it gives up in between
/// to whoever is to go first (`pause`).
package final class CoreArbiter: Sendable {
    private let condition = NSCondition()
    // Safe to share: read and written within the condition's lock alone.
    private nonisolated(unsafe) var table = TurnTable()
    // When the turn of this moment began; likewise.
    private nonisolated(unsafe) var began = ContinuousClock.now

    package init() {}

    /// Adds a seat for one engine.
    ///
    /// - Parameter weight: The engine's part of the time, beside those of others that have something to do.
    /// - Returns: The seat, which rests.
    package func makeSeat(weight: Double = 1) -> Seat {
        Seat(arbiter: self, id: locked { $0.add(weight: weight) })
    }

    /// Whether an engine has something to do at this moment.
    package var isBusy: Bool { locked { $0.isBusy } }

    private func locked<Result>(_ body: (inout TurnTable) -> Result) -> Result {
        condition.lock()
        defer { condition.unlock() }
        return unsafe body(&table)
    }

    private func take(_ id: TurnTable.SeatID) {
        condition.lock()
        defer { condition.unlock() }
        unsafe table.ask(id)
        // One whose turn it would be, but who is between two steps, is waited for, though not for ever.
        var expected: (seat: TurnTable.SeatID, end: Date)?
        while true {
            switch unsafe table.next(isPatient: expected.map { $0.end > Date() } ?? true) {
            case .seat(id):
                unsafe table.begin(id)
                unsafe began = .now
                return
            case .seat, .taken:
                expected = nil
                condition.wait()
            case .expected(let seat):
                let known = expected.flatMap { $0.seat == seat ? $0.end : nil }
                let end = known ?? Date(timeIntervalSinceNow: TurnTable.grace / .seconds(1))
                expected = (seat, end)
                // At the end of patience everybody who waits looks again.
                if !condition.wait(until: end) { condition.broadcast() }
            }
        }
    }

    private func give(_ id: TurnTable.SeatID) {
        condition.lock()
        unsafe table.end(id, after: .now - began)
        condition.unlock()
        condition.broadcast()
    }

    /// Whether somebody else has something to do, and the turn of this moment has lasted so long.
    private func isUp(_ id: TurnTable.SeatID, after quantum: Duration) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        return unsafe table.hasCompany(id) && .now - began > quantum
    }

    private func rest(_ id: TurnTable.SeatID) {
        locked { $0.rest(id) }
        condition.broadcast()
    }

    /// One engine's place among those that share the cores; the seat is given up with its last reference.
    package final class Seat: Sendable {
        private let arbiter: CoreArbiter
        private let id: TurnTable.SeatID

        fileprivate init(arbiter: CoreArbiter, id: TurnTable.SeatID) {
            self.arbiter = arbiter
            self.id = id
        }

        deinit { arbiter.locked { $0.remove(id) } }

        /// Runs one step, once it is this seat's turn; blocks the thread until then.
        ///
        /// Until `rest()` the engine is taken to come back with another step soon.
        package func turn<Result>(_ step: () throws -> Result) rethrows -> Result {
            arbiter.take(id)
            defer { arbiter.give(id) }
            return try step()
        }

        /// In the middle of a turn: gives the cores to others for as long as it is not this seat's turn again.
        ///
        /// Does nothing while others have nothing to do, or the turn is shorter than the quantum.
        ///
        /// - Parameter quantum: How long a turn lasts beside others.
        package func pause(quantum: Duration = .milliseconds(20)) {
            guard arbiter.isUp(id, after: quantum) else { return }
            arbiter.give(id)
            arbiter.take(id)
        }

        /// Tells that there is nothing to do for now: nobody waits for this seat.
        package func rest() { arbiter.rest(id) }

        /// Whether others have something to do: steps had better be short.
        package var hasCompany: Bool { arbiter.locked { $0.hasCompany(id) } }
    }
}

extension CoreArbiter.Seat? {
    /// Runs one step in a turn of the seat; at once where there is none.
    package func turn<Result>(_ step: () throws -> Result) rethrows -> Result {
        guard let self else { return try step() }
        return try self.turn(step)
    }
}
