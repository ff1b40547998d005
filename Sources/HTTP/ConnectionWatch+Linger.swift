internal import CMicroHTTPD
internal import Glibc
internal import RuntimeSupport

// Clients that are refused while they still send.
//
// Closing a socket with unread data resets the connection, and the reset may overtake the refusal. So a copy of the
// socket is kept for a moment behind libmicrohttpd's back, and what comes is dropped; libmicrohttpd has sent the end of
// its own side before it closes.
extension ConnectionWatch {
    /// How long a refused client has for reading its refusal.
    private static let lingerTime: Int64 = 2_000_000_000
    private static let mostLingering = 256

    /// Keeps the connection of a socket that is about to be closed.
    ///
    /// On libmicrohttpd's thread.
    func linger(_ socket: Int32) {
        let copy = dup(socket)
        guard copy >= 0 else { return }
        let isKept = state.withLock { state in
            guard state.lingering.count < Self.mostLingering, !state.isClosing, register(copy, EPOLLIN.rawValue) else {
                return false
            }
            state.lingering[copy] = Deadline.now + Self.lingerTime
            return true
        }
        if !isKept { close(copy) }
    }

    /// Drops what has come on a socket; whether it is a lingering one.
    ///
    /// On the watch's thread, as all that closes them.
    func drop(_ socket: Int32) -> Bool {
        guard state.withLock({ $0.lingering[socket] != nil }) else { return false }
        let count = unsafe withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 1) { buffer in
            unsafe recv(socket, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
        }
        if count == 0 || (count < 0 && errno != EAGAIN) { endLingering { $0 == socket } }
        return true
    }

    /// Closes lingering sockets whose time is over.
    func sweepLingering(_ now: Int64) {
        let over = state.withLock { $0.lingering.filter { $0.value <= now } }
        endLingering { over[$0] != nil }
    }

    /// Closes those lingering sockets that a condition holds for.
    func endLingering(where condition: (Int32) -> Bool) {
        let ended = state.withLock { state in
            let ended = state.lingering.keys.filter(condition)
            for socket in ended { state.lingering[socket] = nil }
            return ended
        }
        for socket in ended {
            // libmicrohttpd may not have closed the socket yet that this is a copy of. Then closing the copy would leave
            // it polled, and what is reported of it would be taken for news of the next connection of this number.
            epoll_ctl(poll, EPOLL_CTL_DEL, socket, nil)
            close(socket)
        }
    }
}
