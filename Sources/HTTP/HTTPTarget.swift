/// The target of a request as it stood in the request line, taken apart but not decoded.
struct HTTPTarget: Sendable {
    /// The authority of an absolute target, which then counts instead of the Host header (RFC 9112, 3.2.2).
    let authority: Substring?
    let path: Substring
    /// What follows the first `?`; nil without one.
    let query: Substring?

    init(_ text: String) {
        var rest = text[...]
        var authority: Substring?
        for scheme in ["http://", "https://"] where rest.lowercased().hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.count)
            let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            authority = rest[..<end]
            rest = rest[end...]
            break
        }
        self.authority = authority
        let mark = rest.firstIndex(of: "?")
        path = rest[..<(mark ?? rest.endIndex)]
        query = mark.map { rest[rest.index(after: $0)...] }
    }

    /// The path's segments, each decoded by itself, so that an encoded slash does not part two.
    ///
    /// One slash at the end is tolerated; a path that does not begin with one has no segments that match anything.
    var segments: [String]? {
        guard path.isEmpty || path.hasPrefix("/") else { return nil }
        var parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        if parts.last?.isEmpty == true { parts.removeLast() }
        return parts.map { percentDecoded($0) }
    }
}
