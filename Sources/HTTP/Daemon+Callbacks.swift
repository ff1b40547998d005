internal import CMicroHTTPD
internal import Glibc
internal import RuntimeSupport
internal import Synchronization

// What libmicrohttpd calls, all on its own thread. The context is the HTTPService, which the Daemon keeps alive. A socket's
// context is its Connection, retained when it starts and released when it is closed. A request's context is its
// Exchange, retained at its request line and released at its completion, which libmicrohttpd reports for every request
// whose line it has reported.

/// A connection starts or is closed.
func handleConnectionChange(
    _ context: UnsafeMutableRawPointer?,
    _ handle: OpaquePointer?,
    _ socketContext: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ change: MHD_ConnectionNotificationCode
) {
    guard let service = unsafe service(context), let handle = unsafe handle, let socketContext = unsafe socketContext
    else { return }
    if change == .CONNECTION_NOTIFY_STARTED {
        let socket = unsafe cmhd_socket(handle)
        let connection = Connection(socket: socket, remoteAddress: SocketAddress.peer(of: socket))
        connection.deadline.set(after: service.configuration.deadlines.headers)
        unsafe socketContext.pointee = unsafe Unmanaged.passRetained(connection).toOpaque()
        service.watch.add(connection)
    } else if let pointer = unsafe socketContext.pointee {
        // libmicrohttpd closes the socket after this call, so the watch must let go of it here.
        let connection = unsafe Unmanaged<Connection>.fromOpaque(pointer).takeRetainedValue()
        unsafe socketContext.pointee = nil
        service.watch.remove(connection)
        if connection.isRefused.load(ordering: .relaxed) { service.watch.linger(connection.socket) }
    }
}

/// A request line has arrived.
///
/// What this returns is the request's context in the next callbacks.
func handleTarget(
    _ context: UnsafeMutableRawPointer?,
    _ target: UnsafePointer<CChar>?,
    _ handle: OpaquePointer?
) -> UnsafeMutableRawPointer? {
    guard let service = unsafe service(context), let target = unsafe target, let handle = unsafe handle,
        let pointer = unsafe cmhd_socket_context(handle)
    else { return nil }
    let connection = unsafe Unmanaged<Connection>.fromOpaque(pointer).takeUnretainedValue()
    let exchange = Exchange(
        service: service,
        connection: connection,
        handle: unsafe ConnectionHandle(handle),
        target: unsafe HTTPTarget(String(cString: target))
    )
    connection.begin(exchange)
    // On a connection that has served before, the deadline was that of an idle one.
    connection.deadline.shorten(to: service.configuration.deadlines.headers)
    service.exchanges.begin()
    return unsafe Unmanaged.passRetained(exchange).toOpaque()
}

/// The headers are there, then each part of the body, then all of the request; and once more when a suspended
/// connection is resumed.
func handleAccess(
    _ context: UnsafeMutableRawPointer?,
    _ handle: OpaquePointer?,
    _ url: UnsafePointer<CChar>?,
    _ method: UnsafePointer<CChar>?,
    _ version: UnsafePointer<CChar>?,
    _ part: UnsafePointer<CChar>?,
    _ partLength: UnsafeMutablePointer<Int>?,
    _ requestContext: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let handle = unsafe handle, let method = unsafe method, let version = unsafe version,
        let partLength = unsafe partLength, let exchange = unsafe exchange(requestContext?.pointee)
    else { return .NO }
    let step: Exchange.Step
    if !exchange.hasHead {
        let head = unsafe RequestHead(
            method: String(cString: method),
            version: String(cString: version),
            headers: headers(of: handle),
            exchange: exchange
        )
        step = exchange.receive(head)
    } else if unsafe partLength.pointee > 0 {
        step = unsafe exchange.receive(UnsafeRawBufferPointer(start: part, count: partLength.pointee))
        unsafe partLength.pointee = 0
    } else {
        step = exchange.advance()
    }
    switch step {
    case .proceed: return .YES
    case .close: return .NO
    case .reply(let reply): return exchange.queue(reply) ? .YES : .NO
    }
}

/// A request ended, one way or another.
func handleCompletion(
    _ context: UnsafeMutableRawPointer?,
    _ handle: OpaquePointer?,
    _ requestContext: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ reason: MHD_RequestTerminationCode
) {
    guard let service = unsafe service(context), let pointer = unsafe requestContext?.pointee else { return }
    let exchange = unsafe Unmanaged<Exchange>.fromOpaque(pointer).takeRetainedValue()
    unsafe requestContext?.pointee = nil
    exchange.abandon()
    let connection = exchange.connection
    connection.end()
    connection.deadline.set(after: service.configuration.deadlines.idle)
    // See Connection.peerClosed: libmicrohttpd would take the connection for an idle one.
    if connection.isGone { service.watch.shutDown(connection) }
    service.exchanges.end()
}

/// The next part of a streamed body.
func handleRead(
    _ context: UnsafeMutableRawPointer?,
    _ position: UInt64,
    _ buffer: UnsafeMutablePointer<CChar>?,
    _ capacity: Int
) -> Int {
    guard let exchange = unsafe exchange(context) else { return cmhd_end_with_error }
    switch unsafe exchange.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: capacity)) {
    case .bytes(let count): return count
    // "Returning zero will cause libmicrohttpd to try again": not while the connection is suspended.
    case .suspended: return 0
    case .end:
        // Without chunks, the end of the connection is the end of the body.
        if !exchange.isChunked { exchange.handle.visitSoon() }
        return cmhd_end_of_stream
    case .failure:
        exchange.handle.visitSoon()
        return cmhd_end_with_error
    }
}

/// A response with a streamed body is let go.
func handleReaderEnd(_ context: UnsafeMutableRawPointer?) {
    if let context = unsafe context { unsafe Unmanaged<Exchange>.fromOpaque(context).release() }
}

/// A line of libmicrohttpd's own log.
func handleLogLine(_ line: UnsafePointer<CChar>?) {
    if let line = unsafe line { unsafe log.debug("libmicrohttpd: \(String(cString: line))") }
}

private func service(_ context: UnsafeMutableRawPointer?) -> HTTPService? {
    unsafe context.map { unsafe Unmanaged<HTTPService>.fromOpaque($0).takeUnretainedValue() }
}

private func exchange(_ context: UnsafeMutableRawPointer?) -> Exchange? {
    unsafe context.map { unsafe Unmanaged<Exchange>.fromOpaque($0).takeUnretainedValue() }
}
