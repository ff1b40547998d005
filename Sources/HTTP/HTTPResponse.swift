/// What a handler answers with.
///
/// `Content-Length`, `Transfer-Encoding`, `Date` and `Connection` are set by the server and ignored here.
package struct HTTPResponse: Sendable {
    package enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// Called once the headers are on their way, in the task of the handler. It ends the body by returning; where
        /// it throws, the connection is cut, so that the client cannot take the body for complete.
        case stream(@Sendable (BodyWriter) async throws -> Void)
    }

    package var status: HTTPStatus
    package var headers: HTTPHeaders
    package var body: Body

    package init(status: HTTPStatus = .ok, headers: HTTPHeaders = HTTPHeaders(), body: Body = .none) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A response with a text, mostly for tests and plain faults.
    package static func text(_ text: String, status: HTTPStatus = .ok) -> Self {
        Self(status: status, headers: ["Content-Type": "text/plain; charset=utf-8"], body: .bytes(Array(text.utf8)))
    }
}
