internal import Foundation

/// Runs a body that blocks for long on a thread of its own, so that the cooperative pool goes on meanwhile.
///
/// The body runs to its end even where the waiting task is cancelled.
package func onThread<Result: Sendable>(
    _ name: String,
    _ body: @escaping @Sendable () throws -> Result
) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        let thread = Thread { continuation.resume(with: Swift.Result { try body() }) }
        thread.name = name
        // Native code keeps graphs and parsers on the stack.
        thread.stackSize = 16 << 20
        thread.start()
    }
}
