internal import CMicroHTTPD
internal import RuntimeSupport
internal import Synchronization

// Requests out of libmicrohttpd's form, and responses into it; all on its thread.

extension RequestHead {
    init(method: String, version: String, headers: HTTPHeaders, exchange: Exchange) {
        self.version = version == "HTTP/1.0" ? .http10 : .http11
        target = exchange.target
        request = HTTPRequest(
            method: HTTPMethod(rawValue: method),
            path: percentDecoded(exchange.target.path),
            query: HTTPQuery(exchange.target.query ?? ""),
            headers: headers,
            id: exchange.id,
            remoteAddress: exchange.connection.remoteAddress
        )
    }
}

/// The headers of the request that a callback is for.
func headers(of handle: OpaquePointer) -> HTTPHeaders {
    var headers = HTTPHeaders()
    unsafe withUnsafeMutablePointer(to: &headers) { pointer in
        _ = unsafe MHD_get_connection_values_n(handle, .HEADER_KIND, addHeader, pointer)
    }
    return headers
}

private func addHeader(
    _ context: UnsafeMutableRawPointer?,
    _ kind: MHD_ValueKind,
    _ name: UnsafePointer<CChar>?,
    _ nameLength: Int,
    _ value: UnsafePointer<CChar>?,
    _ valueLength: Int
) -> MHD_Result {
    guard let headers = unsafe context?.assumingMemoryBound(to: HTTPHeaders.self) else { return .NO }
    unsafe headers.pointee.add(
        String(decoding: UnsafeRawBufferPointer(start: name, count: nameLength), as: UTF8.self),
        String(decoding: UnsafeRawBufferPointer(start: value, count: valueLength), as: UTF8.self)
    )
    return .YES
}

extension Exchange {
    /// Headers that are the server's business alone.
    private static let reserved: Set<String> = ["content-length", "transfer-encoding", "connection", "date"]

    /// Hands a response to libmicrohttpd, from an access callback only.
    ///
    /// "For any active connection this function must be called only by MHD_AccessHandlerCallback callback."
    ///
    /// - Returns: False where it was not taken; the connection must be closed then.
    func queue(_ reply: Reply) -> Bool {
        guard let response = unsafe makeResponse(reply) else { return false }
        // Ours only until it is queued: libmicrohttpd counts a reference of its own.
        defer { unsafe MHD_destroy_response(response) }
        for field in reply.response.headers where !Self.reserved.contains(field.name.lowercased()) {
            if unsafe MHD_add_response_header(response, field.name, field.value) == .NO {
                log.warning("\(id): the response header \(field.name) is malformed and left out")
            }
        }
        for field in serverHeaders { unsafe MHD_add_response_header(response, field.name, field.value) }
        let sendTime = service.configuration.deadlines.send + .seconds((reply.length ?? 0) / (16 << 10))
        connection.deadline.set(after: sendTime)
        return unsafe MHD_queue_response(handle.pointer, UInt32(clamping: reply.response.status.rawValue), response)
            == .YES
    }

    /// Headers of every response.
    private var serverHeaders: HTTPHeaders {
        var headers = service.configuration.access.origins.headers(for: state.withLock { $0.origin })
        headers.add("x-request-id", id)
        if service.isDraining.load(ordering: .relaxed) { headers.add("Connection", "close") }
        return headers
    }

    private func makeResponse(_ reply: Reply) -> OpaquePointer? {
        switch reply.response.body {
        case .none:
            return unsafe MHD_create_response_from_buffer(0, nil, .RESPMEM_PERSISTENT)
        case .bytes(let bytes):
            return unsafe bytes.withUnsafeBytes { bytes in
                // Not changed: the parameter's type is that of another mode, which frees the memory.
                unsafe MHD_create_response_from_buffer(
                    bytes.count,
                    UnsafeMutableRawPointer(mutating: bytes.baseAddress),
                    .RESPMEM_MUST_COPY
                )
            }
        case .stream:
            // Retained for the reader, until handleReaderEnd.
            let reader = unsafe Unmanaged.passRetained(self)
            guard
                let response = unsafe MHD_create_response_from_callback(
                    cmhd_size_unknown,
                    16 << 10,
                    handleRead,
                    reader.toOpaque(),
                    handleReaderEnd
                )
            else {
                unsafe reader.release()
                return nil
            }
            // To HEAD: with chunks, 0.9.75 would send the last one, which the client takes for the next response.
            if reply.pipe == nil, !(unsafe cmhd_end_with_connection(response)) {
                unsafe MHD_destroy_response(response)
                return nil
            }
            return unsafe response
        }
    }
}
