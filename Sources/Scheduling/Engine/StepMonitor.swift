internal import RuntimeSupport

/// Whom the step under way works for, and the cutting off of one that works for nobody any more.
///
/// Clients go away on any thread while the engine's own is inside the step.
final class StepMonitor: Sendable {
    private struct State {
        var served: Set<RequestID> = []
        var isStopped = false
    }

    private let abort: AbortFlag
    private let state = Guarded(State())

    /// - Parameter abort: What native code polls.
    init(abort: AbortFlag) { self.abort = abort }

    /// A step begins.
    func begin(_ requests: [RequestID]) {
        state.withLock { state in
            state.served = Set(requests)
            if !state.isStopped { abort.lower() }
        }
    }

    func end() { state.withLock { $0.served = [] } }

    /// A client has gone: a step that served it alone is cut off.
    func left(_ request: RequestID) {
        state.withLock { state in
            guard state.served.remove(request) != nil, state.served.isEmpty else { return }
            abort.raise()
        }
    }

    /// Cuts off the step under way and every later one.
    func stop() {
        state.withLock { state in
            state.isStopped = true
            abort.raise()
        }
    }
}
