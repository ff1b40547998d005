internal import Foundation

/// A value behind a lock, to be held for moments: look, change, let go, then act.
///
/// A pthread lock underneath, not the standard library's `Mutex`: the thread sanitizer sees what the one orders and not
/// what the other does, and would report every use as a race.
package final class Guarded<Value>: Sendable {
    private let lock = NSLock()
    // Safe to share: read and written within the lock alone.
    private nonisolated(unsafe) var value: Value

    package init(_ value: sending Value) { unsafe self.value = value }

    /// Runs a body that has the value to itself.
    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        lock.lock()
        defer { lock.unlock() }
        return try unsafe body(&value)
    }
}
