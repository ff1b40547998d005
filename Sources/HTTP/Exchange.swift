internal import RuntimeSupport

/// One request and its response.
///
/// libmicrohttpd's thread brings the request and takes the response; a task of its own runs the handler; the watch ends
/// it when the client leaves. Between the whole request and the response the connection is suspended. libmicrohttpd
/// holds a reference from the request line until it reports the request as completed.
final class Exchange: Sendable {
    enum Phase {
        case headers
        case body(HTTPService.Intake)
        /// The handler runs and the connection is suspended: whoever leaves this phase must resume it.
        case handling
        /// libmicrohttpd has been asked to call for the response.
        case answered(Reply)
        case replying(Reply)
        case ended
    }

    struct State {
        var phase = Phase.headers
        var body: [UInt8] = []
        var received = 0
        /// When the headers had arrived.
        var start = Deadline.now
        var version = HTTPVersion.http11
        var origin: String?
        var task: Task<Void, Never>?
    }

    let id = makeRequestID()
    let service: HTTPService
    let connection: Connection
    let handle: ConnectionHandle
    let target: HTTPTarget
    let share: MemoryBudget.Share
    let state = Guarded(State())

    init(service: HTTPService, connection: Connection, handle: ConnectionHandle, target: HTTPTarget) {
        self.service = service
        self.connection = connection
        self.handle = handle
        self.target = target
        share = MemoryBudget.Share(of: service.bodies)
    }

    /// Whether the headers have been looked at.
    var hasHead: Bool {
        state.withLock { if case .headers = $0.phase { false } else { true } }
    }

    /// Whether a streamed body ends with a chunk of its own, not with the connection.
    var isChunked: Bool { state.withLock { $0.version == .http11 } }

    /// Ends it, in whichever phase: the handler's task is cancelled, its writes fail, a suspended connection is resumed.
    ///
    /// Any thread, any number of times.
    func abandon() {
        let (phase, task) = state.withLock { state in
            defer {
                state.phase = .ended
                state.body = []
                state.task = nil
            }
            return (state.phase, state.task)
        }
        switch phase {
        case .handling: handle.resume()
        case .answered(let reply), .replying(let reply): reply.pipe?.abandon()
        case .headers, .body, .ended: break
        }
        task?.cancel()
    }

    /// The client closed its side: ends the exchange, unless its request is still arriving.
    ///
    /// - Returns: Whether it was ended, or had been.
    func peerClosed() -> Bool {
        let isReceiving = state.withLock { state in
            switch state.phase {
            case .headers, .body: true
            case .handling, .answered, .replying, .ended: false
            }
        }
        // It may become complete right now: then it finds the connection gone by itself.
        if !isReceiving { abandon() }
        return !isReceiving
    }
}
