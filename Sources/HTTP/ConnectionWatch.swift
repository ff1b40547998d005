internal import CMicroHTTPD
internal import Glibc
internal import RuntimeSupport

/// Does what libmicrohttpd does not: a thread that accepts connections, sees clients leave while their connections are
/// suspended, and ends connections at their deadlines.
///
/// libmicrohttpd does not poll a suspended connection, and knows only a timeout for inactivity, which a client that
/// sends a byte now and then never reaches. A connection is ended by shutting its socket down, which libmicrohttpd
/// notices where it polls, while `Connection.close` resumes it where it does not.
final class ConnectionWatch: Sendable {
    struct State {
        /// Connections that libmicrohttpd has started and not yet closed, by their sockets.
        ///
        /// Whoever uses a socket holds the lock, so that libmicrohttpd cannot close it meanwhile and the number cannot
        /// stand for another.
        var connections: [Int32: Connection] = [:]
        var listener: ListeningSocket?
        /// Copies of closed sockets, and when they are let go.
        var lingering: [Int32: Int64] = [:]
        /// New connections are shut down at once.
        var isClosing = false
        var isStopping = false
    }

    /// Connections are looked at for passed deadlines this often.
    static let tick: Duration = .milliseconds(100)

    let limit: Int
    let poll: Int32
    /// An eventfd that wakes the thread.
    let wake: Int32
    let state: Guarded<State>

    /// - Throws: `systemFailure`.
    init(listener: ListeningSocket, limit: Int) throws(HTTPServerError) {
        poll = epoll_create1(Int32(EPOLL_CLOEXEC))
        wake = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        self.limit = limit
        state = Guarded(State(listener: listener))
        guard poll >= 0, wake >= 0, register(wake, EPOLLIN.rawValue) else {
            throw HTTPServerError(.systemFailure, "The server can't poll sockets.", errorNumber: errno)
        }
    }

    deinit {
        endLingering { _ in true }
        close(poll)
        close(wake)
    }

    var isIdle: Bool { state.withLock { $0.connections.isEmpty && $0.lingering.isEmpty } }

    /// A connection was started, on libmicrohttpd's thread.
    func add(_ connection: Connection) {
        let isClosing = state.withLock { state in
            state.connections[connection.socket] = connection
            // Edge-triggered: what is known to have left needs no second report.
            _ = register(connection.socket, EPOLLRDHUP.rawValue | EPOLLET.rawValue)
            return state.isClosing
        }
        if isClosing { end(connection) }
    }

    /// A connection is about to be closed, on libmicrohttpd's thread.
    func remove(_ connection: Connection) {
        state.withLock { state in
            guard state.connections[connection.socket] === connection else { return }
            state.connections[connection.socket] = nil
            epoll_ctl(poll, EPOLL_CTL_DEL, connection.socket, nil)
        }
    }

    /// Ends a connection and what goes on in it; from any thread.
    func end(_ connection: Connection) {
        connection.close()
        shutDown(connection)
    }

    /// Shuts a connection's socket down, unless libmicrohttpd has closed it.
    func shutDown(_ connection: Connection) {
        state.withLock { state in
            guard state.connections[connection.socket] === connection else { return }
            shutdown(connection.socket, Int32(SHUT_RDWR))
        }
    }

    /// Closes the listening socket; connections that were waiting in it are refused.
    func stopAccepting() {
        let listener = state.withLock { state in
            defer { state.listener = nil }
            if let listener = state.listener { epoll_ctl(poll, EPOLL_CTL_DEL, listener.descriptor, nil) }
            return state.listener
        }
        // The descriptor is closed here, or by the thread if it is accepting right now.
        withExtendedLifetime(listener) {}
    }

    /// Ends every connection, and each that is still to start: none is suspended any more after this.
    func endAll() {
        let connections = state.withLock { state in
            state.isClosing = true
            return Array(state.connections.values)
        }
        for connection in connections { end(connection) }
    }

    /// Lets the thread return.
    func stop() {
        state.withLock { $0.isStopping = true }
        _ = eventfd_write(wake, 1)
    }

    func register(_ descriptor: Int32, _ events: UInt32) -> Bool {
        var event = unsafe epoll_event(events: events, data: epoll_data_t(fd: descriptor))
        return unsafe epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event) == 0
    }
}
