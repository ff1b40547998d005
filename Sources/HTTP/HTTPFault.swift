/// A failure that is answered with a status and one plain sentence.
///
/// The module throws these for what it finds itself, handlers may throw them too, and the renderer given to the server
/// gives them their form. libmicrohttpd answers some requests before the module sees them, with a short HTML page, and
/// closes the connection: 400 (a malformed request line, header, chunk or Content-Length), 413 (a Content-Length or
/// chunk size beyond 64 bits), 414 and 431 (a target, or headers, larger than the memory of a connection), 500 (no
/// memory for a body's next part), 505 (another version of HTTP).
/// Clients that are too slow get no 408: libmicrohttpd takes no response while a body arrives, so their connections
/// are cut.
package struct HTTPFault: Error, Sendable {
    package enum Kind: Sendable, Hashable {
        case malformed, unauthorized, forbidden, notFound, methodNotAllowed, contentTooLarge, unsupportedMediaType
        case internalError, notImplemented, overloaded
    }

    package let kind: Kind
    /// One sentence for the client.
    package let message: String
    /// Headers that belong to the status, such as Allow or Retry-After; the renderer's response gets them added.
    package let headers: HTTPHeaders

    package init(_ kind: Kind, _ message: String, headers: HTTPHeaders = HTTPHeaders()) {
        self.kind = kind
        self.message = message
        self.headers = headers
    }

    package var status: HTTPStatus {
        switch kind {
        case .malformed: .badRequest
        case .unauthorized: .unauthorized
        case .forbidden: .forbidden
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .contentTooLarge: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .internalError: .internalServerError
        case .notImplemented: .notImplemented
        case .overloaded: .serviceUnavailable
        }
    }
}

extension HTTPFault {
    package static func malformed(_ message: String) -> Self { Self(.malformed, message) }

    package static func unsupportedMediaType(_ message: String) -> Self { Self(.unsupportedMediaType, message) }

    /// The server has no room now; the client may come again after a second.
    package static func overloaded(_ message: String) -> Self {
        Self(.overloaded, message, headers: ["Retry-After": "1"])
    }

    static let unauthorized = Self(
        .unauthorized,
        "A valid API key is needed: send it as \"Authorization: Bearer KEY\".",
        headers: ["WWW-Authenticate": "Bearer"]
    )

    static let internalError = Self(.internalError, "The server failed to handle the request.")

    static func contentTooLarge(limit: Int) -> Self {
        Self(.contentTooLarge, "The request's body is larger than the \(limit) bytes that this server takes.")
    }

    static func notFound(_ method: HTTPMethod, _ path: String) -> Self {
        Self(.notFound, "There is nothing at \(method) \(path).")
    }

    static func methodNotAllowed(_ method: HTTPMethod, _ path: String, allow: String) -> Self {
        Self(.methodNotAllowed, "\(path) does not take \(method), only \(allow).", headers: ["Allow": allow])
    }
}

/// Gives a fault of the request at a path, decoded, and of an id its response.
///
/// The headers of the fault are added afterwards.
package typealias FaultRenderer = @Sendable (_ fault: HTTPFault, _ path: String, _ requestID: String) -> HTTPResponse
