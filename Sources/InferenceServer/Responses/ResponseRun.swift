import RuntimeSupport
import WireFormat

/// A response while it is made in the background, and after its end.
///
/// One task advances it; anybody reads it, or follows its events from the first on.
final class ResponseRun: Sendable {
    /// An event as it is sent.
    struct Event: Sendable {
        let type: String
        let data: String

        init(_ event: ResponseEvent) {
            type = event.type
            data = event.json.text
        }
    }

    private struct State {
        var writer: ResponseWriter
        var events: [Event] = []
        var task: Task<Void, Never>?
        var followers: [Int: CheckedContinuation<Void, Never>] = [:]
        var followerCount = 0

        var isOver: Bool { writer.response.status.isFinal }

        mutating func takeFollowers() -> [CheckedContinuation<Void, Never>] {
            defer { followers = [:] }
            return Array(followers.values)
        }
    }

    /// Whether it has events to follow.
    let isBackground: Bool
    private let state: Guarded<State>

    /// One that has been made already, while somebody waited for it.
    init(finished response: ResponseObject) {
        isBackground = false
        state = Guarded(State(writer: ResponseWriter(response)))
    }

    /// One that `work` makes from now on, by `advance`.
    init(_ writer: ResponseWriter, work: @escaping @Sendable (ResponseRun) async -> Void) {
        isBackground = true
        state = Guarded(State(writer: writer))
        advance { $0.open() }
        let task = Task { await work(self) }
        let isOver = state.withLock { state in
            state.task = task
            return state.isOver
        }
        if isOver { task.cancel() }
    }

    var response: ResponseObject { state.withLock { $0.writer.response } }

    /// About what it takes in memory beside what it was made from, in bytes.
    var size: Int {
        state.withLock { state in
            state.writer.response.output.reduce(1024) { $0 + $1.size }
                + state.events.reduce(0) { $0 + 64 + $1.data.utf8.count }
        }
    }

    /// Makes the next step, unless it is over.
    func advance(_ step: (inout ResponseWriter) -> [ResponseEvent]) {
        let followers = state.withLock { state in
            guard !state.isOver else { return [CheckedContinuation<Void, Never>]() }
            state.events += step(&state.writer).map(Event.init)
            return state.takeFollowers()
        }
        for follower in followers { follower.resume() }
    }

    /// Ends it, unless it is over.
    func cancel() {
        let (task, followers) = state.withLock { state in
            guard !state.isOver else { return (Task<Void, Never>?.none, [CheckedContinuation<Void, Never>]()) }
            state.writer.cancel()
            return (state.task, state.takeFollowers())
        }
        task?.cancel()
        for follower in followers { follower.resume() }
    }

    /// Hands on its events as they come, to the last one.
    ///
    /// - Parameters:
    ///   - first: The number of the first event wanted.
    ///   - send: Sends one event.
    /// - Throws: What `send` throws; `CancellationError` where the task is cancelled.
    func follow(from first: Int = 0, _ send: (Event) async throws -> Void) async throws {
        var next = first
        while true {
            let (events, isOver) = state.withLock { ($0.events.dropFirst(next), $0.isOver) }
            for event in events { try await send(event) }
            next += events.count
            if isOver { return }
            await wait(past: next)
            try Task.checkCancellation()
        }
    }

    /// Returns once there are more events, it is over, or the task is cancelled.
    private func wait(past count: Int) async {
        let ticket = state.withLock { state in
            state.followerCount += 1
            return state.followerCount
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    // A cancellation that came before this finds nothing to resume.
                    if state.events.count > count || state.isOver || Task.isCancelled { return true }
                    state.followers[ticket] = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.followers.removeValue(forKey: ticket) }?.resume()
        }
    }
}
