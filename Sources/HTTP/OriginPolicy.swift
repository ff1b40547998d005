/// Which web pages may use the server from a browser (CORS).
///
/// A request with a foreign Origin that is not allowed is refused, not only left without the headers: the browser would
/// hide the answer, but the work would have been done.
package struct OriginPolicy: Sendable {
    private let origins: Set<String>
    private let allowsAll: Bool

    /// - Parameter allowed: Origins such as `https://chat.example`, or `*` for all; empty for none.
    package init(allowed: [String] = []) {
        origins = Set(allowed.map { $0.lowercased() })
        allowsAll = allowed.contains("*")
    }

    private var isConfigured: Bool { allowsAll || !origins.isEmpty }

    /// Whether a page of this origin may send a request to this host: an allowed one, or one that this server served.
    func allows(_ origin: String, host: String) -> Bool {
        isListed(origin) || ["http://\(host)", "https://\(host)"].contains { $0.lowercased() == origin.lowercased() }
    }

    /// The headers that every response carries, faults included, so that an allowed page can read it.
    func headers(for origin: String?) -> HTTPHeaders {
        guard isConfigured else { return HTTPHeaders() }
        var headers: HTTPHeaders = ["Vary": "Origin"]
        if let origin, isListed(origin) {
            headers.add("Access-Control-Allow-Origin", allowsAll ? "*" : origin)
            headers.add("Access-Control-Expose-Headers", "x-request-id, retry-after")
        }
        return headers
    }

    /// The answer to a preflight of an allowed origin, or nil where the request is none.
    ///
    /// The origin's own headers are added like those of every response.
    func preflight(_ request: HTTPRequest) -> HTTPResponse? {
        guard isConfigured, request.method == .options, let origin = request.headers["origin"], isListed(origin),
            request.headers["access-control-request-method"] != nil
        else { return nil }
        var headers: HTTPHeaders = [
            "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
            "Access-Control-Max-Age": "600",
        ]
        if let names = request.headers["access-control-request-headers"], names.utf8.allSatisfy(isInHeaderNames) {
            headers.add("Access-Control-Allow-Headers", names)
        }
        return HTTPResponse(status: .noContent, headers: headers)
    }

    private func isListed(_ origin: String) -> Bool { allowsAll || origins.contains(origin.lowercased()) }
}

/// Whether a byte may stand in a list of header names.
private func isInHeaderNames(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ","),
        UInt8(ascii: " "):
        true
    default: false
    }
}
