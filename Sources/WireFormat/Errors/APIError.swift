/// An error as clients of OpenAI's API expect it: a status, and a body with four keys.
///
/// The status decides which exception the official clients raise; `code` is for programs, `message` for people.
package struct APIError: Error, Sendable, Equatable {
    /// The families of errors that OpenAI tells apart.
    package enum Kind: String, Sendable {
        case invalidRequest = "invalid_request_error"
        case rateLimit = "rate_limit_error"
        case server = "server_error"
    }

    /// The HTTP status.
    package let status: Int

    /// One or more plain sentences; they may quote the request, shortened.
    package let message: String

    package let kind: Kind

    /// The parameter at fault, such as `messages[0].content`.
    package let param: String?

    package let code: String?

    /// For the header `Retry-After`: after how many seconds another try makes sense.
    package let retryAfter: Int?

    package init(
        status: Int,
        message: String,
        kind: Kind = .invalidRequest,
        param: String? = nil,
        code: String? = nil,
        retryAfter: Int? = nil
    ) {
        self.status = status
        self.message = message
        self.kind = kind
        self.param = param
        self.code = code
        self.retryAfter = retryAfter
    }
}

extension APIError {
    /// The same error where the parameter at fault stands inside a member of the request.
    package func inside(_ member: String) -> APIError {
        APIError(
            status: status,
            message: message,
            kind: kind,
            param: param.map { "\(member).\($0)" },
            code: code,
            retryAfter: retryAfter
        )
    }
}

extension APIError: JSONRepresentable {
    /// The body; it always has all four keys.
    package var json: JSONValue {
        [
            "error": [
                "message": .string(message),
                "type": .string(kind.rawValue),
                "param": JSONValue(param),
                "code": JSONValue(code),
            ]
        ]
    }
}
