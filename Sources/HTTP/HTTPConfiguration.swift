/// How an HTTP server listens, and what it puts up with.
package struct HTTPConfiguration: Sendable {
    /// A name, an IPv4 address or an IPv6 address without brackets.
    package var host = "127.0.0.1"
    /// 0 for any free port.
    package var port: UInt16 = 0
    package var tls: TLSIdentity?
    package var access: AccessControl
    package var limits = Limits()
    package var deadlines = Deadlines()

    package init(access: AccessControl) { self.access = access }

    /// The server's certificate, with those that lead to a root, and its key: contents of PEM files.
    package struct TLSIdentity: Sendable {
        package let certificate: String
        package let key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    package struct Limits: Sendable {
        /// Bytes of memory for a connection's headers and its transfer buffers.
        package var connectionMemory = 32 << 10
        package var body = 64 << 20
        /// Bytes of all bodies together, from their arrival until their requests end.
        package var allBodies = 512 << 20
        package var connections = 4096
        /// Unread bytes of a streamed body at which its writer waits.
        package var streamBuffer = 64 << 10

        package init() {}
    }

    package struct Deadlines: Sendable {
        /// For a request's headers, from the connection's start (TLS included) or the request line's end.
        package var headers: Duration = .seconds(15)
        /// For a request's body; every 16 KiB that arrive add a second.
        package var body: Duration = .seconds(30)
        /// For a client to take the next part of a stream, or a whole body; every 16 KiB of a body add a second.
        package var send: Duration = .seconds(60)
        /// For the next request line on a connection that stays open.
        package var idle: Duration = .seconds(75)

        package init() {}
    }
}
