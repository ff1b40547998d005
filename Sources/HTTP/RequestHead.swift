/// A request line and headers, before the body.
struct RequestHead: Sendable {
    /// How the body is delimited.
    enum Framing: Equatable {
        case none
        case length(Int)
        case chunked
    }

    let version: HTTPVersion
    let target: HTTPTarget
    /// Without a body and parameters; the principal is not known yet.
    let request: HTTPRequest

    var expectsContinue: Bool { request.headers["expect"] != nil }

    /// - Throws: 400 where the length is ambiguous, 413 where it is beyond all reason, 501 for unknown codings.
    func framing() throws(HTTPFault) -> Framing {
        let codings = request.headers.values(of: "transfer-encoding")
        let lengths = request.headers.values(of: "content-length")
        if let coding = codings.first {
            guard codings.count == 1, coding.trimmed.lowercased() == "chunked" else {
                throw HTTPFault(.notImplemented, "The only transfer coding that this server takes is chunked.")
            }
            guard lengths.isEmpty else {
                throw .malformed("The request has both a Content-Length and a Transfer-Encoding.")
            }
            return .chunked
        }
        guard let text = lengths.first else { return .none }
        guard lengths.count == 1, !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw .malformed("The request's Content-Length is not a number.")
        }
        guard let length = Int(text) else { throw HTTPFault(.contentTooLarge, "The request's body is too large.") }
        return length == 0 ? .none : .length(length)
    }
}

extension HTTPService {
    /// What is done about a request, once its headers are there.
    enum Intake {
        /// The body is read, then the handler is called.
        case serve(HTTPHandler, HTTPRequest)
        /// This is the answer, whatever the body.
        case answer(HTTPResponse)
    }

    /// Decides about a request by its headers: access first, then the route, then the size of the body.
    func judge(_ head: RequestHead) -> Intake {
        do throws(HTTPFault) {
            let framing = try head.framing()
            var request = head.request
            switch try configuration.access.examine(request, target: head.target, version: head.version) {
            case .preflight(let response): return .answer(response)
            case .admitted(let principal): request.principal = principal
            }
            guard let segments = head.target.segments else { throw .notFound(request.method, request.path) }
            switch router.resolve(request.method, segments) {
            case .notFound: throw .notFound(request.method, request.path)
            case .methodNotAllowed(let allow):
                guard request.method == .options else {
                    throw .methodNotAllowed(request.method, request.path, allow: allow)
                }
                return .answer(HTTPResponse(status: .noContent, headers: ["Allow": allow]))
            case .handler(let handler, let parameters):
                request.parameters = parameters
                if case .length(let length) = framing { try admit(bodyOf: length) }
                return .serve(handler, request)
            }
        } catch {
            return .answer(render(error, path: head.request.path, requestID: head.request.id))
        }
    }

    /// - Throws: 413 or 503 for a body that will not fit.
    private func admit(bodyOf length: Int) throws(HTTPFault) {
        guard length <= configuration.limits.body else { throw .contentTooLarge(limit: configuration.limits.body) }
        guard bodies.hasRoom(for: length) else { throw .bodiesFull }
    }
}

extension HTTPFault {
    static let bodiesFull = overloaded("The server is receiving too much at once; try again in a moment.")
}
