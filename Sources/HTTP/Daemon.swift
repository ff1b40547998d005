internal import CMicroHTTPD
internal import Glibc

/// libmicrohttpd: one thread of its own, which reads requests and writes responses of the connections given to it.
///
/// It has no listening socket. `MHD_quiesce_daemon` races with the daemon's thread over that socket's place in its epoll
/// set, and aborts the process when it loses; so accepting is the watch's business.
// The pointer is only given to functions that libmicrohttpd allows any thread to call, and `stop` is called once.
@safe
final class Daemon: @unchecked Sendable {
    private let daemon: OpaquePointer
    private let context: Unmanaged<HTTPService>
    // "Memory mapped private key": libmicrohttpd keeps the pointers.
    private let identity: PEMStrings?

    /// - Throws: `badTLSIdentity` where the certificate or key can't be used, `systemFailure` for all else.
    init(service: HTTPService) throws(HTTPServerError) {
        let configuration = service.configuration
        identity = try configuration.tls.map { tls throws(HTTPServerError) in try PEMStrings(tls) }
        // Kept by `stop`: no callback comes after the daemon has stopped.
        unsafe context = Unmanaged.passRetained(service)
        var options = unsafe cmhd_options()
        // The watch keeps the limit; libmicrohttpd's own only guards against a fault there.
        unsafe options.connection_limit = UInt32(clamping: configuration.limits.connections + 256)
        unsafe options.connection_memory = configuration.limits.connectionMemory
        unsafe options.tls_key = identity.map { unsafe UnsafePointer($0.key) }
        unsafe options.tls_certificate = identity.map { unsafe UnsafePointer($0.certificate) }
        unsafe options.context = unsafe context.toOpaque()
        unsafe options.handler = handleAccess
        unsafe options.completed = handleCompletion
        unsafe options.connection_changed = handleConnectionChange
        unsafe options.target = handleTarget
        unsafe options.log = handleLogLine
        guard let daemon = unsafe cmhd_start(&options) else {
            unsafe context.release()
            throw configuration.tls == nil
                ? HTTPServerError(.systemFailure, "libmicrohttpd did not start.", errorNumber: errno)
                : HTTPServerError(
                    .badTLSIdentity,
                    "The TLS certificate and key can't be used, or don't belong together."
                )
        }
        unsafe self.daemon = unsafe daemon
    }

    /// Gives a socket to libmicrohttpd, which closes it in every case.
    ///
    /// Any thread, not after `stop`.
    ///
    /// "The given client socket will be managed (and closed!) by MHD after this call and must no longer be used
    /// directly by the application afterwards."
    func add(_ socket: Int32, address: UnsafePointer<sockaddr>, length: socklen_t) -> Bool {
        unsafe MHD_add_connection(daemon, socket, address, length) == .YES
    }

    /// Closes every connection and ends libmicrohttpd's thread; blocks meanwhile.
    ///
    /// Once.
    ///
    /// "It is an API violation to call MHD_stop_daemon while having suspended connections. You must explicitly resume
    /// all connections before stopping the daemon."
    func stop() {
        unsafe MHD_stop_daemon(daemon)
        unsafe context.release()
    }
}

/// A certificate and its key as C strings that stay where they are.
@safe
private final class PEMStrings {
    let certificate: UnsafeMutablePointer<CChar>
    let key: UnsafeMutablePointer<CChar>

    init(_ identity: HTTPConfiguration.TLSIdentity) throws(HTTPServerError) {
        guard let certificate = unsafe strdup(identity.certificate), let key = unsafe strdup(identity.key) else {
            throw HTTPServerError(.systemFailure, "There is no memory for the TLS certificate.")
        }
        unsafe self.certificate = unsafe certificate
        unsafe self.key = unsafe key
    }

    deinit {
        unsafe free(certificate)
        unsafe free(key)
    }
}
