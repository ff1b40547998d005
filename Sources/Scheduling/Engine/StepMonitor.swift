internal import RuntimeSupport

/// Whom the step under way works for, and the cutting off of one that works for nobody any more.
///
/// Clients go away on any thread while the engine's own is inside the step.
final class StepMonitor: Sendable {
    private struct State {
        var served: Set<RequestID> = []
        /// Of those whom the step served, who has left since it began.
        var left: [RequestID] = []
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
            state.left = []
            if !state.isStopped { abort.lower() }
        }
    }

    /// A step is over.
    ///
    /// - Returns: The requests that it served whose clients have gone meanwhile.
    func end() -> [RequestID] {
        state.withLock { state in
            state.served = []
            return state.left
        }
    }

    /// A client has gone: a step that served it alone is cut off.
    func left(_ request: RequestID) {
        state.withLock { state in
            guard state.served.remove(request) != nil else { return }
            state.left.append(request)
            if state.served.isEmpty { abort.raise() }
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
