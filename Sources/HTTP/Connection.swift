internal import RuntimeSupport
internal import Synchronization

/// A client's connection, from libmicrohttpd's notification that it was started to the one that it was closed.
///
/// libmicrohttpd holds a reference meanwhile, as the socket's context.
final class Connection: Sendable {
    private struct State {
        var exchange: Exchange?
        var isGone = false
    }

    /// How long libmicrohttpd has for reading what a client sent before it closed its side.
    private static let closingTime: Duration = .milliseconds(500)

    /// Valid while the watch holds the connection.
    let socket: Int32
    let remoteAddress: String
    /// When the watch ends the connection: whatever it is doing now took too long.
    let deadline = Deadline()
    /// Whether a request was refused while its body was still to come.
    let isRefused = Atomic<Bool>(false)
    private let state = Guarded(State())

    init(socket: Int32, remoteAddress: String) {
        self.socket = socket
        self.remoteAddress = remoteAddress
    }

    /// Whether nobody waits for an answer any more: no request is given to a handler then.
    var isGone: Bool { state.withLock { $0.isGone } }

    /// A request begins, on libmicrohttpd's thread; there is one at a time.
    func begin(_ exchange: Exchange) { state.withLock { $0.exchange = exchange } }

    /// The request has ended, on libmicrohttpd's thread.
    func end() { state.withLock { $0.exchange = nil } }

    /// Sets the deadline of a request's arrival; a client that has closed its side sends nothing more for it.
    func expect(within duration: Duration, since start: Int64) {
        deadline.set(after: duration, since: start)
        // Behind the set, as peerClosed shortens behind its flag: in either order the shorter one stays.
        if isGone { deadline.shorten(to: Self.closingTime) }
    }

    /// The client closed its side, or all of the connection.
    ///
    /// Any thread. A client that only closes its sending side counts as gone, too: the two can't be told apart before something
    /// is sent. A request whose body is still arriving goes on, since its last part may be in the socket; it is
    /// dropped when complete.
    ///
    /// - Returns: Whether the connection must be shut down, because a request was ended.
    func peerClosed() -> Bool {
        let exchange = state.withLock { state in
            state.isGone = true
            return state.exchange
        }
        if let exchange, exchange.peerClosed() { return true }
        // libmicrohttpd may not notice by itself: it polls for edges, and the one of the client's closing is lost if it
        // was already there when the last data were read.
        deadline.shorten(to: Self.closingTime)
        return false
    }

    /// Ends the request and lets no other reach a handler; the caller, any thread, shuts the socket down.
    func close() {
        let exchange = state.withLock { state in
            state.isGone = true
            return state.exchange
        }
        exchange?.abandon()
    }
}
