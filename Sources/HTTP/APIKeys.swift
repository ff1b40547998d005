/// The keys that open the server, and the paths that need none.
///
/// Never logged, and compared in a time that depends neither on the keys nor on what a client sends.
package struct APIKeys: Sendable {
    /// Every key is padded to this length, so that all comparisons take the same time.
    package static let longest = 256

    private let keys: [PaddedKey]
    private let openPaths: Set<String>

    /// - Parameters:
    ///   - keys: No keys means that none is needed.
    ///   - openPaths: Paths that GET serves without a key, exact and without a query.
    /// - Throws: 500 naming the index of a key that is empty or longer than `longest` bytes.
    package init(_ keys: [String] = [], openPaths: Set<String> = ["/health"]) throws(HTTPFault) {
        var padded: [PaddedKey] = []
        for (index, key) in keys.enumerated() {
            guard !key.isEmpty, let key = PaddedKey(key) else {
                throw HTTPFault(.internalError, "API key \(index) is empty or longer than \(Self.longest) bytes.")
            }
            padded.append(key)
        }
        self.keys = padded
        self.openPaths = openPaths
    }

    /// Who sent a request, or nil if it must be refused.
    ///
    /// The target has the path and query as they stood in the request line.
    func principal(of request: HTTPRequest, target: HTTPTarget) -> Principal? {
        if keys.isEmpty { return .anonymous }
        if request.method == .get, target.query == nil, openPaths.contains(String(target.path)) { return .anonymous }
        guard let presented = presentedKey(request.headers).flatMap({ PaddedKey($0) }) else { return nil }
        var found = -1
        for (index, key) in keys.enumerated() {
            // All ones where the keys are equal: no branch depends on it.
            let mask = key.equals(presented)
            found = (found & ~mask) | (index & mask)
        }
        return found < 0 ? nil : .key(found)
    }

    private func presentedKey(_ headers: HTTPHeaders) -> String? {
        guard let authorization = headers["authorization"] else { return headers["x-api-key"] }
        guard authorization.prefix(7).lowercased() == "bearer " else { return headers["x-api-key"] }
        return authorization.dropFirst(7).trimmed
    }
}

/// A key as `APIKeys.longest` bytes and its length.
private struct PaddedKey: Sendable {
    private let bytes: [UInt8]
    private let count: Int

    /// Nil if the key is too long.
    init?(_ key: String) {
        var bytes = Array(key.utf8)
        count = bytes.count
        guard count <= APIKeys.longest else { return nil }
        bytes += repeatElement(0, count: APIKeys.longest - count)
        self.bytes = bytes
    }

    /// -1 where both are equal, else 0; always looks at every byte.
    func equals(_ other: Self) -> Int {
        var difference = count ^ other.count
        for index in 0..<APIKeys.longest { difference |= Int(bytes[index] ^ other.bytes[index]) }
        // The difference is small and not negative, so one less has its sign bit set only for zero.
        return (difference - 1) >> (Int.bitWidth - 1)
    }
}
