internal import Glibc
internal import Synchronization

/// A moment at which something is ended, set by one thread and looked at by another.
final class Deadline: Sendable {
    // Nanoseconds of the monotonic clock.
    private let moment = Atomic<Int64>(.max)

    func set(after duration: Duration) { moment.store(Self.now + duration.nanoseconds, ordering: .relaxed) }

    /// Sets it counted from an earlier moment, one that `now` gave.
    func set(after duration: Duration, since start: Int64) {
        moment.store(start + duration.nanoseconds, ordering: .relaxed)
    }

    /// Sets it unless it is sooner.
    func shorten(to duration: Duration) { moment.min(Self.now + duration.nanoseconds, ordering: .relaxed) }

    func clear() { moment.store(.max, ordering: .relaxed) }

    /// Whether it has passed; true only once, then there is none.
    func expire(at now: Int64) -> Bool {
        let moment = moment.load(ordering: .relaxed)
        // Fails where a new one was set meanwhile, which then holds.
        return moment <= now
            && self.moment.compareExchange(expected: moment, desired: .max, ordering: .relaxed).exchanged
    }

    static var now: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

extension Duration {
    /// Whole nanoseconds; a century at most, so that sums do not overflow.
    fileprivate var nanoseconds: Int64 {
        let (seconds, attoseconds) = min(self, .seconds(3_000_000_000)).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
