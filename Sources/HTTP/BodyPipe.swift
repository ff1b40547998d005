internal import RuntimeSupport

/// A streamed body between the task that writes it and libmicrohttpd's thread, which reads it: bounded on one side,
/// suspending the connection on the other.
final class BodyPipe: Sendable {
    /// What a read gave.
    enum Chunk: Equatable {
        case bytes(Int)
        /// Nothing yet: the connection has been suspended, and the next write resumes it.
        case suspended
        case end
        /// The body failed: it must not end cleanly.
        case failure
    }

    private enum Phase { case open, finished, failed }

    private struct State {
        var phase = Phase.open
        var buffer: [UInt8] = []
        /// How many bytes of the buffer have been read.
        var start = 0
        var isSuspended = false
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter = 0

        var count: Int { buffer.count - start }
    }

    private let connection: ConnectionHandle
    private let capacity: Int
    private let state = Guarded(State())

    /// A write waits while `capacity` bytes are unread; one that doesn't have to may go beyond.
    init(connection: ConnectionHandle, capacity: Int) {
        self.connection = connection
        self.capacity = capacity
    }

    // MARK: - Writing, from any task

    func write(_ bytes: [UInt8]) async throws {
        if bytes.isEmpty { return }
        while try !append(bytes) { try await waitForRoom() }
    }

    /// The body is complete.
    func finish() { close(.finished) }

    /// The body can't be completed: its reader gets what was written, then a failure.
    func fail() { close(.failed) }

    /// Nobody wants the body: what was written is dropped, and writers get an error.
    ///
    /// Any thread.
    func abandon() {
        close(.failed)
        state.withLock { state in
            state.buffer = []
            state.start = 0
        }
    }

    /// Whether there was room, so that the bytes were taken.
    private func append(_ bytes: [UInt8]) throws(BodyWriter.Closed) -> Bool {
        let taken: (isTaken: Bool, mustResume: Bool)? = state.withLock { state in
            guard state.phase == .open else { return nil }
            guard state.count < capacity else { return (false, false) }
            state.buffer += bytes
            defer { state.isSuspended = false }
            return (true, state.isSuspended)
        }
        guard let taken else { throw BodyWriter.Closed() }
        if taken.mustResume { connection.resume() }
        return taken.isTaken
    }

    private func waitForRoom() async throws {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    // Cancelled before this point, the handler below found no waiter; room may have come, too.
                    guard !Task.isCancelled, state.phase == .open, state.count >= capacity else { return false }
                    state.waiters[id] = continuation
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
        try Task.checkCancellation()
    }

    private func close(_ phase: Phase) {
        let (mustResume, waiters) = state.withLock { state in
            guard state.phase == .open else { return (false, [CheckedContinuation<Void, Never>]()) }
            state.phase = phase
            defer {
                state.isSuspended = false
                state.waiters = [:]
            }
            return (state.isSuspended, Array(state.waiters.values))
        }
        if mustResume { connection.resume() }
        for waiter in waiters { waiter.resume() }
    }

    // MARK: - Reading, from libmicrohttpd's thread

    /// Copies what there is; suspends the connection if there is nothing yet.
    func read(into target: UnsafeMutableRawBufferPointer) -> Chunk {
        let (chunk, waiters) = state.withLock { state in
            var waiters: [CheckedContinuation<Void, Never>] = []
            let chunk = unsafe Self.read(&state, into: target)
            if chunk == .suspended {
                // Within the lock: a writer that sees the flag must find the connection suspended already, because
                // resuming one that is not "will result in undefined behavior".
                connection.suspend()
                state.isSuspended = true
            }
            if state.count < capacity {
                waiters = Array(state.waiters.values)
                state.waiters = [:]
            }
            return (chunk, waiters)
        }
        for waiter in waiters { waiter.resume() }
        return chunk
    }

    private static func read(_ state: inout State, into target: UnsafeMutableRawBufferPointer) -> Chunk {
        let count = min(state.count, target.count)
        guard count > 0 else {
            return switch state.phase {
            case .open: .suspended
            case .finished: .end
            case .failed: .failure
            }
        }
        unsafe target.copyBytes(from: state.buffer[state.start..<state.start + count])
        state.start += count
        // What was read is let go once it is the larger part, so that a byte moves at most once on average.
        if state.start * 2 >= state.buffer.count {
            state.buffer.removeFirst(state.start)
            state.start = 0
        }
        return .bytes(count)
    }
}
