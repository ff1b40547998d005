internal import RuntimeSupport

// The side that the handler's task brings the response to, and libmicrohttpd's thread takes it from.
extension Exchange {
    /// Starts the handler in a task of its own.
    ///
    /// On libmicrohttpd's thread, with the connection suspended.
    func run(_ handler: @escaping HTTPHandler, _ request: HTTPRequest) {
        service.tasks.begin()
        let task = Task {
            await serve(handler, request)
            service.tasks.end()
        }
        let isEnded = state.withLock { state in
            if case .ended = state.phase { return true }
            state.task = task
            return false
        }
        // The client left between the suspension and here.
        if isEnded { task.cancel() }
    }

    private func serve(_ handler: HTTPHandler, _ request: HTTPRequest) async {
        var response: HTTPResponse
        do {
            response = try await handler(request)
            if !response.status.allowsBody { response.body = .none }
        } catch {
            // Nobody reads what a request that was cancelled failed with.
            let told = Task.isCancelled ? HTTPFault.internalError : error
            answer(Reply(service.render(told, path: request.path, requestID: id)))
            return
        }
        guard case .stream(let produce) = response.body, request.method != .head else {
            answer(Reply(response))
            return
        }
        let pipe = BodyPipe(connection: handle, capacity: service.configuration.limits.streamBuffer)
        answer(Reply(response, pipe: pipe))
        do {
            try await produce(BodyWriter(pipe: pipe))
            pipe.finish()
        } catch {
            if !(error is BodyWriter.Closed || error is CancellationError) {
                log.error("\(id): the body failed with \(type(of: error))")
            }
            pipe.fail()
        }
    }

    /// Has libmicrohttpd call for the response; if the exchange has ended, its body is told so.
    private func answer(_ reply: Reply) {
        let isWanted = state.withLock { state in
            guard case .handling = state.phase else { return false }
            state.phase = .answered(reply)
            return true
        }
        if isWanted { handle.resume() } else { reply.pipe?.abandon() }
    }

    /// Copies the next part of a streamed body.
    ///
    /// On libmicrohttpd's thread.
    func read(into target: UnsafeMutableRawBufferPointer) -> BodyPipe.Chunk {
        guard case .replying(let reply) = state.withLock({ $0.phase }), let pipe = reply.pipe else { return .failure }
        let chunk = unsafe pipe.read(into: target)
        switch chunk {
        case .bytes, .end: connection.deadline.set(after: service.configuration.deadlines.send)
        case .suspended: connection.deadline.clear()
        case .failure: break
        }
        return chunk
    }
}

/// A response on its way out, with the pipe of its body if that is streamed.
struct Reply: Sendable {
    let response: HTTPResponse
    let pipe: BodyPipe?

    init(_ response: HTTPResponse, pipe: BodyPipe? = nil) {
        self.response = response
        self.pipe = pipe
    }

    /// Bytes of the body, if known.
    var length: Int? {
        switch response.body {
        case .none: 0
        case .bytes(let bytes): bytes.count
        case .stream: nil
        }
    }
}

extension HTTPStatus {
    /// Whether a response of this status has a body at all.
    var allowsBody: Bool { rawValue >= 200 && rawValue != 204 && rawValue != 304 }
}
