import HTTP
import WireFormat

extension HTTPResponse {
    /// A response with a JSON body.
    static func json(_ value: some JSONRepresentable, status: HTTPStatus = .ok) -> Self {
        var headers = HTTPHeaders()
        headers["Content-Type"] = "application/json"
        return Self(status: status, headers: headers, body: .bytes(value.json.serialized))
    }
}

extension HTTPRequest {
    /// The request that the body holds.
    ///
    /// - Throws: 415 where it is not declared to be JSON; 400 for what is wrong with it.
    func decode<Body: RequestBody>(_ type: Body.Type) throws -> Body {
        try requireContentType("application/json")
        return try Body(body: body)
    }
}

extension APIError {
    /// OpenAI's form of a fault.
    init(_ fault: HTTPFault) {
        switch fault.kind {
        case .unauthorized: self = .authentication()
        case .overloaded: self = .overloaded(fault.message, retryAfter: 1)
        case .internalError: self = .internalServer
        default:
            self = APIError(status: fault.status.rawValue, message: fault.message, code: Self.codes[fault.kind])
        }
    }

    private static let codes: [HTTPFault.Kind: String] = [
        .forbidden: "forbidden",
        .notFound: "unknown_url",
        .methodNotAllowed: "method_not_allowed",
        .contentTooLarge: "request_too_large",
        .unsupportedMediaType: "unsupported_content_type",
        .notImplemented: "not_implemented",
    ]
}
