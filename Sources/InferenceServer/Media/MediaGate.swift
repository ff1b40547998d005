import RuntimeSupport

/// Has images and sounds read for one request after the other, on a thread of its own: they take time and memory.
actor MediaGate {
    /// Of all models together.
    static let shared = MediaGate()

    /// Nobody's turn on the cores: the streams' threads go first.
    private static let niceness: Int32 = 10

    private var last: Task<Void, Never>?

    /// Runs a body once nobody else's runs.
    ///
    /// - Throws: What the body throws; `CancellationError` where the client has gone before it began.
    func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        let before = last
        let task = Task {
            await before?.value
            try Task.checkCancellation()
            return try await onThread("media", niceness: Self.niceness, body)
        }
        last = Task { _ = await task.result }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }
}
