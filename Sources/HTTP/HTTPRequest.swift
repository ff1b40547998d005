/// A request with its whole body, as handlers get it.
package struct HTTPRequest: Sendable {
    package var method: HTTPMethod
    /// The path, percent-decoded.
    package var path: String
    package var query: HTTPQuery
    package var headers: HTTPHeaders
    package var body: [UInt8]
    /// The values of the pattern's `{name}` segments, percent-decoded.
    package var parameters: [String: String]
    /// Names the request in the log and in the `x-request-id` header of its response.
    package var id: String
    /// The client's address in numbers, without a port.
    package var remoteAddress: String
    package var principal: Principal

    package init(
        method: HTTPMethod,
        path: String,
        query: HTTPQuery = HTTPQuery(),
        headers: HTTPHeaders = HTTPHeaders(),
        body: [UInt8] = [],
        parameters: [String: String] = [:],
        id: String = makeRequestID(),
        remoteAddress: String = "",
        principal: Principal = .anonymous
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.parameters = parameters
        self.id = id
        self.remoteAddress = remoteAddress
        self.principal = principal
    }

    /// Sees to it that the body is of this media type, such as `application/json`; parameters don't matter.
    ///
    /// - Throws: 415 when the type is missing or another.
    package func requireContentType(_ type: String) throws(HTTPFault) {
        guard let given = headers["content-type"]?.split(separator: ";").first?.trimmed.lowercased(), given == type
        else { throw .unsupportedMediaType("This endpoint takes \(type); set the Content-Type header accordingly.") }
    }
}

/// Who sent a request.
package enum Principal: Sendable, Hashable {
    /// No key is configured, or none is needed for this path.
    case anonymous
    /// The owner of the configured key at this index.
    case key(Int)
}

/// A new request id: `req_` and 24 random hexadecimal digits.
package func makeRequestID() -> String {
    let high = String(UInt64.random(in: 0 ... .max), radix: 16)
    let low = String(UInt32.random(in: 0 ... .max), radix: 16)
    return "req_" + String(repeating: "0", count: 24 - high.count - low.count) + high + low
}

extension StringProtocol {
    /// The text without spaces and tabs at its ends.
    var trimmed: String {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(self[first...last])
    }
}
