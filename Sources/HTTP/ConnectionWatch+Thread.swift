internal import CMicroHTTPD
internal import Glibc
internal import RuntimeSupport

// The watch's thread.
extension ConnectionWatch {
    /// Watches until `stop`.
    func run(_ daemon: Daemon) {
        var events = unsafe [epoll_event](repeating: epoll_event(), count: 64)
        // Off while there are too many connections, or no descriptors for more: tried again at each tick.
        var isAccepting = false
        var mayHaveNew = false
        var nextSweep: Int64 = 0
        while !state.withLock({ $0.isStopping }) {
            if !isAccepting { isAccepting = listen() }
            let mustTick = mayHaveNew || !isIdle || !isAccepting
            let count = unsafe epoll_wait(poll, &events, Int32(events.count), mustTick ? Self.tickMilliseconds : -1)
            mayHaveNew = false
            var isListenerReady = false
            for descriptor in unsafe events.prefix(Int(max(count, 0))).map({ unsafe $0.data.fd }) {
                if descriptor == wake {
                    var value: eventfd_t = 0
                    _ = unsafe eventfd_read(wake, &value)
                } else if let connection = state.withLock({ $0.connections[descriptor] }) {
                    if connection.peerClosed() { shutDown(connection) }
                } else if !drop(descriptor) {
                    isListenerReady = true
                }
            }
            let now = Deadline.now
            if now >= nextSweep {
                sweep(now)
                sweepLingering(now)
                nextSweep = now + Int64(Self.tickMilliseconds) * 1_000_000
            }
            // Behind the events, so that none of them can be for a socket of the same number that is accepted here.
            if isListenerReady {
                mayHaveNew = true
                isAccepting = accept(daemon)
            }
        }
    }

    private static let tickMilliseconds = Int32(tick / .milliseconds(1))

    /// Ends connections whose deadline has passed.
    private func sweep(_ now: Int64) {
        let expired = state.withLock { $0.connections.values.filter { $0.deadline.expire(at: now) } }
        for connection in expired { end(connection) }
        if !expired.isEmpty { log.debug("\(expired.count) connections were too slow or idle and are closed") }
    }

    /// Polls the listening socket; false while there are too many connections for that.
    private func listen() -> Bool {
        state.withLock { state in
            guard let listener = state.listener else { return true }
            return state.connections.count < limit && register(listener.descriptor, EPOLLIN.rawValue)
        }
    }

    /// Accepts who waits; false where the socket is not polled any more, for want of room.
    private func accept(_ daemon: Daemon) -> Bool {
        guard let listener = state.withLock({ $0.listener }) else { return true }
        // A few at a time, so that clients who leave and deadlines get their turn; the socket is polled by level.
        for _ in 0..<64 {
            guard state.withLock({ $0.connections.count }) < limit else { return pause(listener) }
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let failure: Int32 = unsafe SocketAddress.withSocketAddress(&storage) { address in
                let socket = unsafe cmhd_accept(listener.descriptor, address, &length)
                guard socket >= 0 else { return errno }
                _ = unsafe daemon.add(socket, address: address, length: length)
                return 0
            }
            switch failure {
            case 0, ECONNABORTED, EINTR: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return pause(listener)
            default: return true
            }
        }
        return true
    }

    private func pause(_ listener: ListeningSocket) -> Bool {
        state.withLock { state in
            guard state.listener === listener else { return }
            epoll_ctl(poll, EPOLL_CTL_DEL, listener.descriptor, nil)
        }
        log.warning("there is no room for more connections")
        return false
    }
}
