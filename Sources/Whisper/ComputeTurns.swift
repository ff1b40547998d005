internal import Foundation
internal import RuntimeSupport

/// Lets several threads compute in turn: one at a time, each for a while, in the order of their arrival.
///
/// Transcriptions that would share the cores only slow each other down.
final class ComputeTurns: Sendable {
    private struct State {
        var holder: UInt64?
        var line: [(ticket: UInt64, wake: DispatchSemaphore)] = []
        var nextTicket: UInt64 = 0
        var since: ContinuousClock.Instant = .now
    }

    private let state = Guarded(State())
    private let slice: Duration

    /// - Parameter slice: How long one computes while others wait.
    init(slice: Duration = .milliseconds(100)) { self.slice = slice }

    /// Waits for its turn.
    ///
    /// - Returns: What `pass` and `leave` are given.
    func enter() -> UInt64 {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        wait(ticket)
        return ticket
    }

    /// Lets another have its turn, where one waits and the own turn is over; returns with the next own turn.
    func pass(_ ticket: UInt64) {
        let isOver = state.withLock { state in !state.line.isEmpty && .now - state.since >= slice }
        guard isOver else { return }
        leave()
        wait(ticket)
    }

    /// Ends the turn.
    func leave() {
        let next = state.withLock { state -> DispatchSemaphore? in
            state.holder = nil
            guard !state.line.isEmpty else { return nil }
            let first = state.line.removeFirst()
            state.holder = first.ticket
            state.since = .now
            return first.wake
        }
        next?.signal()
    }

    private func wait(_ ticket: UInt64) {
        let wake = DispatchSemaphore(value: 0)
        let isFree = state.withLock { state in
            guard state.holder == nil else {
                state.line.append((ticket, wake))
                return false
            }
            state.holder = ticket
            state.since = .now
            return true
        }
        if !isFree { wake.wait() }
    }
}
