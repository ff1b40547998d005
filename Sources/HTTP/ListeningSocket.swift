internal import Glibc

/// A socket that clients connect to; closed when the last reference is let go.
package final class ListeningSocket: Sendable {
    /// SHUT_RDWR, whose name Glibc's module does not have by itself.
    private static let bothWays: Int32 = 2

    let descriptor: Int32
    /// The port that clients connect to, also where its choice was left open.
    package let port: UInt16

    /// Binds to the first address of the host that can be bound to.
    ///
    /// Port 0 stands for any free one.
    ///
    /// - Throws: `unresolvableHost`, `addressInUse`, `addressUnavailable`, `permissionDenied` or `systemFailure`.
    package init(host: String, port: UInt16) throws(HTTPServerError) {
        var hints = unsafe addrinfo()
        unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, String(port), &hints, &list) == 0, let first = unsafe list else {
            throw HTTPServerError(.unresolvableHost, "The host \(host) has no address.")
        }
        defer { unsafe freeaddrinfo(first) }
        var failure: Int32 = 0
        var next: UnsafeMutablePointer<addrinfo>? = unsafe first
        while let entry = unsafe next {
            let descriptor = unsafe Self.bind(entry.pointee)
            if descriptor >= 0, let port = SocketAddress.port(of: descriptor) {
                self.descriptor = descriptor
                self.port = port
                return
            }
            failure = errno
            if descriptor >= 0 { close(descriptor) }
            unsafe next = entry.pointee.ai_next
        }
        throw Self.error(host, port, failure)
    }

    deinit {
        // A child process that is just being started holds a copy until its program begins.
        shutdown(descriptor, Self.bothWays)
        close(descriptor)
    }

    /// A bound, listening, non-blocking socket, or -1 with `errno` set.
    private static func bind(_ address: addrinfo) -> Int32 {
        let type = unsafe address.ai_socktype | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = unsafe socket(address.ai_family, type, address.ai_protocol)
        guard descriptor >= 0 else { return -1 }
        set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        // Accepted sockets inherit these: peers that vanish without a word are found after about two minutes.
        set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
        set(descriptor, Int32(IPPROTO_TCP), TCP_KEEPIDLE, 60)
        set(descriptor, Int32(IPPROTO_TCP), TCP_KEEPINTVL, 15)
        set(descriptor, Int32(IPPROTO_TCP), TCP_KEEPCNT, 4)
        guard unsafe Glibc.bind(descriptor, address.ai_addr, address.ai_addrlen) == 0, listen(descriptor, 1024) == 0
        else {
            let failure = errno
            close(descriptor)
            errno = failure
            return -1
        }
        return descriptor
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        _ = unsafe withUnsafeBytes(of: value) { unsafe setsockopt(descriptor, level, option, $0.baseAddress, 4) }
    }

    private static func error(_ host: String, _ port: UInt16, _ number: Int32) -> HTTPServerError {
        let place = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        return switch number {
        case EADDRINUSE: HTTPServerError(.addressInUse, "\(place) is in use already.", errorNumber: number)
        case EADDRNOTAVAIL:
            HTTPServerError(.addressUnavailable, "\(host) is no address of this machine.", errorNumber: number)
        case EACCES: HTTPServerError(.permissionDenied, "Listening on \(place) is not permitted.", errorNumber: number)
        default: HTTPServerError(.systemFailure, "Listening on \(place) failed.", errorNumber: number)
        }
    }
}
