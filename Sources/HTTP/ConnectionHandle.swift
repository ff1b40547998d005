internal import CMicroHTTPD

/// libmicrohttpd's side of a connection.
///
/// A handle does not keep its connection alive. It is valid from the first callback for a request until the callback
/// that completes it, and while the connection is suspended: a suspended connection is neither closed nor freed until
/// it is resumed, so whoever has the sole right to resume it may do so at any time.
// A pointer that only libmicrohttpd follows; which thread may call what is said at each function.
@safe
struct ConnectionHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { unsafe self.pointer = unsafe pointer }

    /// Takes the connection out of libmicrohttpd's loop until it is resumed.
    ///
    /// "The only safe way to call this function is to call it from the MHD_AccessHandlerCallback or
    /// MHD_ContentReaderCallback."
    func suspend() { unsafe MHD_suspend_connection(pointer) }

    /// Puts a suspended connection back; the callback that suspended it is called again.
    ///
    /// "It is safe to resume a suspended connection at any time. Calling this function on a connection that was not
    /// previously suspended will result in undefined behavior." Any thread, once for each `suspend`.
    func resume() { unsafe MHD_resume_connection(pointer) }

    /// Has the connection visited by libmicrohttpd's loop within a second, from its content reader.
    ///
    /// A reader that ends a body by closing its connection leaves it closed but not cleaned up: 0.9.75 drops it from
    /// the list of ready connections, and one that was suspended before is not polled either. Connections with a
    /// timeout of their own are all looked at in every round.
    func visitSoon() { unsafe cmhd_set_timeout(pointer, 1) }
}
