package typealias HTTPHandler = @Sendable (HTTPRequest) async throws -> HTTPResponse

/// Finds the handler of a method and a path.
///
/// A pattern is a path whose segments are literal, or `{name}` for any one segment, or at its end `{name...}` for one
/// or more. Among patterns that match, the one with more literal segments wins.
package struct Router: Sendable {
    private struct Route: Sendable {
        let method: HTTPMethod
        let pattern: RoutePattern
        let handler: HTTPHandler
    }

    /// What stands at a path for a method.
    enum Resolution {
        case handler(HTTPHandler, parameters: [String: String])
        case methodNotAllowed(allow: String)
        case notFound
    }

    private let prefixes: [String]
    private var routes: [Route] = []

    /// - Parameter prefixes: Each route is reachable behind each of these, such as `["", "/v1"]`.
    package init(prefixes: [String] = [""]) { self.prefixes = prefixes }

    /// Adds a route.
    ///
    /// A GET route also serves HEAD; OPTIONS is answered for every path.
    package mutating func on(_ method: HTTPMethod, _ pattern: String, _ handler: @escaping HTTPHandler) {
        for prefix in prefixes {
            routes.append(Route(method: method, pattern: RoutePattern(prefix + pattern), handler: handler))
        }
    }

    func resolve(_ method: HTTPMethod, _ segments: [String]) -> Resolution {
        let matches = routes.compactMap { route in route.pattern.match(segments).map { (route, $0) } }
        guard let literals = matches.map(\.0.pattern.literals).max() else { return .notFound }
        let best = matches.filter { $0.0.pattern.literals == literals }
        let wanted = method == .head && !best.contains { $0.0.method == .head } ? .get : method
        if let (route, parameters) = best.first(where: { $0.0.method == wanted }) {
            return .handler(route.handler, parameters: parameters)
        }
        return .methodNotAllowed(allow: Self.allow(best.map(\.0.method)))
    }

    /// The value of the Allow header for a path with these methods.
    private static func allow(_ methods: [HTTPMethod]) -> String {
        var allowed: [HTTPMethod] = []
        for method in methods where !allowed.contains(method) {
            allowed.append(method)
            if method == .get, !methods.contains(.head) { allowed.append(.head) }
        }
        if !allowed.contains(.options) { allowed.append(.options) }
        return allowed.map(\.rawValue).joined(separator: ", ")
    }
}

/// A path with named gaps.
private struct RoutePattern: Sendable {
    private enum Segment: Sendable {
        case literal(String)
        case parameter(String)
        case rest(String)
    }

    private let segments: [Segment]
    let literals: Int

    init(_ text: String) {
        segments = text.split(separator: "/").map { part in
            guard part.hasPrefix("{"), part.hasSuffix("}") else { return .literal(String(part)) }
            let name = part.dropFirst().dropLast()
            return name.hasSuffix("...") ? .rest(String(name.dropLast(3))) : .parameter(String(name))
        }
        literals = segments.count { if case .literal = $0 { true } else { false } }
    }

    /// The named values, or nil where the path is another.
    ///
    /// An empty segment is no value.
    func match(_ path: [String]) -> [String: String]? {
        var parameters: [String: String] = [:]
        for (index, segment) in segments.enumerated() {
            guard index < path.count else { return nil }
            switch segment {
            case .literal(let text):
                guard path[index] == text else { return nil }
            case .parameter(let name):
                guard !path[index].isEmpty else { return nil }
                parameters[name] = path[index]
            case .rest(let name):
                guard !path[index...].contains("") else { return nil }
                parameters[name] = path[index...].joined(separator: "/")
                return parameters
            }
        }
        return segments.count == path.count ? parameters : nil
    }
}
