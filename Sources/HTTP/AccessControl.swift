/// What a request must pass before its body is read: the host, the origin, the key.
package struct AccessControl: Sendable {
    package var hosts: HostPolicy
    package var origins: OriginPolicy
    package var keys: APIKeys

    package init(hosts: HostPolicy, origins: OriginPolicy, keys: APIKeys) {
        self.hosts = hosts
        self.origins = origins
        self.keys = keys
    }

    /// What becomes of a request whose headers have arrived.
    enum Verdict {
        case admitted(Principal)
        case preflight(HTTPResponse)
    }

    /// - Throws: 400, 401 or 403.
    func examine(
        _ request: HTTPRequest,
        target: HTTPTarget,
        version: HTTPVersion
    ) throws(HTTPFault) -> Verdict {
        let host = try host(of: request, target: target, version: version)
        if let host, !hosts.allows(host) {
            throw HTTPFault(.forbidden, "This server does not answer to the name in the Host header.")
        }
        if let origin = request.headers["origin"], !origins.allows(origin, host: host ?? "") {
            throw HTTPFault(.forbidden, "Web pages of this origin may not use this server.")
        }
        // Browsers send no key with a preflight.
        if let response = origins.preflight(request) { return .preflight(response) }
        guard let principal = keys.principal(of: request, target: target) else { throw .unauthorized }
        return .admitted(principal)
    }

    /// The one host that a request names; nil only for HTTP/1.0, which need not.
    private func host(
        of request: HTTPRequest,
        target: HTTPTarget,
        version: HTTPVersion
    ) throws(HTTPFault) -> String? {
        let hosts = request.headers.values(of: "host")
        guard hosts.count <= 1 else { throw .malformed("The request has more than one Host header.") }
        if hosts.isEmpty, version == .http11 { throw .malformed("The request has no Host header.") }
        return target.authority.map(String.init) ?? hosts.first
    }
}

/// The versions of HTTP that are served.
enum HTTPVersion: Sendable {
    case http10, http11
}
