internal import Foundation

/// Runs a body that blocks for long on a thread of its own, so that the cooperative pool goes on meanwhile.
///
/// The body runs to its end even where the waiting task is cancelled.
///
/// - Parameters:
///   - name: The thread's name; at most 15 bytes on Linux.
///   - niceness: By how much it, and what it starts, is nicer than other threads, where the system can have that by thread (Linux).
///   - body: What it runs.
/// - Returns: What the body gives.
/// - Throws: What the body throws.
package func onThread<Result: Sendable>(
    _ name: String,
    niceness: Int32 = 0,
    _ body: @escaping @Sendable () throws -> Result
) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        let thread = Thread {
            if niceness > 0 { _ = nice(niceness) }
            continuation.resume(with: Swift.Result { try body() })
        }
        thread.name = name
        // Native code keeps graphs and parsers on the stack.
        thread.stackSize = 16 << 20
        thread.start()
    }
}
