import RuntimeSupport

/// Has images read for one request after the other, on a thread of its own: pixels take time and memory.
actor ImageGate {
    /// Of all models together.
    static let shared = ImageGate()

    private var last: Task<Void, Never>?

    /// Runs a body once nobody else's runs.
    ///
    /// - Throws: What the body throws; `CancellationError` where the client has gone before it began.
    func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        let before = last
        let task = Task {
            await before?.value
            try Task.checkCancellation()
            return try await onThread("images", body)
        }
        last = Task { _ = await task.result }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }
}
