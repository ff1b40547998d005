// One maker for each fault that is not about a single parameter.

extension APIError {
    /// 400: a request that makes no sense as a whole.
    package static func invalidRequest(_ message: String, param: String? = nil, code: String? = nil) -> APIError {
        APIError(status: 400, message: message, param: param, code: code)
    }

    /// 400: a body that is no JSON.
    package static func invalidJSON(_ error: JSONError) -> APIError {
        .invalidRequest("The JSON body of the request could not be parsed: \(error.message)", code: "invalid_json")
    }

    /// 400: the prompt does not fit into the model's context.
    ///
    /// `param` is the parameter that holds the prompt: `messages` or `prompt`. `isLeast` says that the tokens were not
    /// counted, but are known to be at least so many.
    package static func contextLengthExceeded(
        limit: Int,
        promptTokens: Int,
        isLeast: Bool = false,
        param: String = "messages"
    ) -> APIError {
        .invalidRequest(
            "This model's maximum context length is \(limit) tokens. However, your \(param) resulted in "
                + "\(isLeast ? "at least " : "")\(promptTokens) tokens. Please reduce the length of the \(param).",
            param: param,
            code: "context_length_exceeded"
        )
    }

    /// 401: no key, or a wrong one; the message never holds the key.
    package static func authentication(_ message: String = "Incorrect API key provided.") -> APIError {
        APIError(status: 401, message: message, code: "invalid_api_key")
    }

    /// 403: a known client that may not do this.
    package static func permission(_ message: String) -> APIError {
        APIError(status: 403, message: message, code: "insufficient_permissions")
    }

    /// 404: no such route, or nothing of this id.
    package static func notFound(_ message: String, code: String? = "not_found") -> APIError {
        APIError(status: 404, message: message, code: code)
    }

    /// 404: a path that is no route of this server.
    package static func unknownRoute(method: String, path: String) -> APIError {
        .notFound("Invalid URL (\(method.clipped()) \(path.clipped()))", code: "unknown_url")
    }

    /// 404: a model that this server does not have.
    package static func modelNotFound(_ id: String) -> APIError {
        APIError(
            status: 404,
            message: "The model `\(id.clipped())` does not exist or you do not have access to it.",
            param: "model",
            code: "model_not_found"
        )
    }

    /// 405: the route exists, but not with this method.
    package static func methodNotAllowed(_ method: String, path: String) -> APIError {
        APIError(
            status: 405,
            message: "Not allowed to \(method.clipped()) on \(path.clipped()).",
            code: "method_not_supported"
        )
    }

    /// 413: a body above the server's limit.
    package static func payloadTooLarge(limit: Int) -> APIError {
        APIError(
            status: 413,
            message: "The body of the request is larger than the maximum of \(limit) bytes.",
            code: "request_too_large"
        )
    }

    /// 415: a body of a type that the route does not read.
    package static func unsupportedMediaType(_ type: String?, expected: String = "application/json") -> APIError {
        APIError(
            status: 415,
            message: "Unsupported Content-Type header (\((type ?? "none").clipped())); expected \(expected).",
            code: "unsupported_content_type"
        )
    }

    /// 429: this client, or everybody together, asks too much.
    package static func rateLimit(
        _ message: String = "Rate limit reached. Please try again later.",
        retryAfter: Int
    ) -> APIError {
        APIError(
            status: 429,
            message: message,
            kind: .rateLimit,
            code: "rate_limit_exceeded",
            retryAfter: retryAfter
        )
    }

    /// 499: the client has left; seen in logs only.
    package static let clientClosed = APIError(
        status: 499,
        message: "The client closed the connection before the answer was complete.",
        code: "client_closed_request"
    )

    /// 500: a fault of the server; the message tells nothing about its inside.
    package static let internalServer = APIError(
        status: 500,
        message: "The server had an error while processing your request.",
        kind: .server,
        code: "internal_error"
    )

    /// 503: the server starts, stops, or has no room.
    package static func overloaded(
        _ message: String = "The server is currently overloaded. Please try again later.",
        retryAfter: Int
    ) -> APIError {
        APIError(
            status: 503,
            message: message,
            kind: .server,
            code: "server_overloaded",
            retryAfter: retryAfter
        )
    }
}
