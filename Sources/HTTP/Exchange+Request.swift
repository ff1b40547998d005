internal import RuntimeSupport
internal import Synchronization

// The side that libmicrohttpd's thread brings the request to.
extension Exchange {
    /// What to do after a callback.
    enum Step {
        case proceed
        /// Queue this response now.
        case reply(Reply)
        /// Close the connection without an answer.
        case close
    }

    /// Bodies of refused requests are read and dropped up to this length, so that the connection can stay open; for
    /// larger ones the refusal is sent at once and the connection closed.
    private static let largestDroppedBody = 64 << 10

    /// The headers are complete.
    func receive(_ head: RequestHead) -> Step {
        let intake = service.judge(head)
        state.withLock { state in
            state.start = Deadline.now
            state.version = head.version
            state.origin = head.request.headers["origin"]
            if case .headers = state.phase { state.phase = .body(intake) }
        }
        connection.expect(within: service.configuration.deadlines.body, since: Deadline.now)
        guard case .answer(let response) = intake, !canDropBody(of: head) else { return .proceed }
        return reply(with: response)
    }

    private func canDropBody(of head: RequestHead) -> Bool {
        switch try? head.framing() {
        case .some(.none): true
        case .length(let length): length <= Self.largestDroppedBody && !head.expectsContinue
        case .chunked, nil: false
        }
    }

    /// A part of the body.
    ///
    /// libmicrohttpd takes no response meanwhile, so a body that turns out too large is dropped and refused when it has
    /// ended; one that goes on for as much again is cut.
    func receive(_ bytes: UnsafeRawBufferPointer) -> Step {
        let count = bytes.count
        let limits = service.configuration.limits
        let (progress, fault): ((received: Int, start: Int64)?, HTTPFault?) = state.withLock { state in
            guard case .body(let intake) = state.phase else { return (nil, nil) }
            state.received += count
            guard case .serve = intake else {
                let most = max(limits.body, Self.largestDroppedBody)
                return (state.received - most > most ? nil : (state.received, state.start), nil)
            }
            let fault: HTTPFault? =
                if state.received > limits.body {
                    .contentTooLarge(limit: limits.body)
                } else if !share.grow(by: count) {
                    .bodiesFull
                } else {
                    nil
                }
            if fault == nil { unsafe state.body.append(contentsOf: bytes) }
            return ((state.received, state.start), fault)
        }
        guard let progress else { return .close }
        if let fault { refuse(fault) }
        let time = service.configuration.deadlines.body + .seconds(progress.received / (16 << 10))
        connection.expect(within: time, since: progress.start)
        return .proceed
    }

    /// Lets go of the body; the rest of it is dropped as it comes.
    private func refuse(_ fault: HTTPFault) {
        let response = service.render(fault, path: percentDecoded(target.path), requestID: id)
        state.withLock { state in
            guard case .body = state.phase else { return }
            state.body = []
            state.phase = .body(.answer(response))
        }
    }

    /// The request is complete, or the connection was resumed for the response.
    func advance() -> Step {
        enum Action {
            case serve(HTTPHandler, HTTPRequest)
            case step(Step)
        }
        let action: Action = state.withLock { state in
            switch state.phase {
            case .body(.serve(let handler, var request)):
                // A client that left does not get its handler called. One that leaves from here on finds the phase
                // changed, so a suspended connection is always resumed.
                if connection.isGone { return .step(.close) }
                request.body = state.body
                state.body = []
                // Within the lock, see BodyPipe: no one may resume it before it is suspended.
                handle.suspend()
                state.phase = .handling
                return .serve(handler, request)
            case .body(.answer(let response)):
                let reply = Reply(response)
                state.phase = .replying(reply)
                return .step(.reply(reply))
            case .answered(let reply):
                state.phase = .replying(reply)
                return .step(.reply(reply))
            case .headers, .handling, .replying, .ended:
                return .step(.close)
            }
        }
        switch action {
        case .step(let step): return step
        case .serve(let handler, let request):
            connection.deadline.clear()
            run(handler, request)
            return .proceed
        }
    }

    /// Refuses the request before its body was read.
    private func reply(with response: HTTPResponse) -> Step {
        let reply = Reply(response)
        state.withLock { $0.phase = .replying(reply) }
        connection.isRefused.store(true, ordering: .relaxed)
        return .reply(reply)
    }
}
