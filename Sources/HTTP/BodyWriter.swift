/// Where a handler writes a streamed body.
package struct BodyWriter: Sendable {
    /// The client left, was too slow, or the server is stopping: nothing written now is of use.
    package struct Closed: Error {}

    let pipe: BodyPipe

    /// Writes bytes, and waits while the client is behind.
    ///
    /// One call's bytes stay together.
    ///
    /// - Throws: `Closed`, or `CancellationError` if the task was cancelled while it waited.
    package func write(_ bytes: [UInt8]) async throws {
        try await pipe.write(bytes)
    }

    package func write(_ text: String) async throws {
        try await pipe.write(Array(text.utf8))
    }
}
