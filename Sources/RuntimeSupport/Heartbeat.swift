import Synchronization

/// The last sign of life of a thread that may hang in native code.
///
/// Beaten by the thread's own loop and by the callbacks that native code makes during long calls; read by anybody.
package final class Heartbeat: Sendable {
    private let last: Atomic<Int64>
    private let now: @Sendable () -> Int64

    /// A heart that has just beaten.
    ///
    /// - Parameter now: Milliseconds of a clock that never goes back.
    package init(now: @escaping @Sendable () -> Int64 = Heartbeat.uptime) {
        self.now = now
        last = Atomic(now())
    }

    package func beat() { last.store(now(), ordering: .relaxed) }

    /// Until the next beat no sign is expected: there is nothing to do, or it is another's turn, who has a heart of its own.
    package func rest() { last.store(.max, ordering: .relaxed) }

    /// How long ago the last beat was; zero at rest.
    package var silence: Duration { .milliseconds(max(0, now() - last.load(ordering: .relaxed))) }

    /// Milliseconds since the process began.
    package static let uptime: @Sendable () -> Int64 = {
        let start = ContinuousClock.now
        return { Int64((ContinuousClock.now - start) / .milliseconds(1)) }
    }()
}
