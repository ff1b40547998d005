import Foundation
import RuntimeSupport

/// The signals that end the server: the first one gracefully, a second one at once.
final class StopSignals: Sendable {
    private let arrivals: AsyncStream<Void>
    private let subscription: Signals.Subscription

    init() {
        let (arrivals, arrival) = AsyncStream.makeStream(of: Void.self)
        let count = Guarded(0)
        self.arrivals = arrivals
        subscription = Signals.handle([SIGINT, SIGTERM]) { number in
            let isFirst = count.withLock { count in
                count += 1
                return count == 1
            }
            guard isFirst else { _exit(128 + number) }
            arrival.yield()
        }
    }

    /// Returns when the first signal has arrived.
    func first() async {
        for await _ in arrivals { return }
    }
}
