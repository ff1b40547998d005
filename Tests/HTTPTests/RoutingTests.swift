import Testing

@testable import HTTP

@Suite("Routing and decoding")
struct RoutingTests {
    @Test(
        "a path finds its route, and its parameters are decoded",
        arguments: [
            ("/models/a", "one a"), ("/v1/models/a", "one a"), ("/models/a/", "one a"),
            ("/models/org%2Fname", "one org/name"), ("/models/special", "special"), ("/files/a/b%20c", "rest a/b c"),
            ("/models/%", "one %"), ("/models/%zz%4", "one %zz%4"), ("/models/a+b", "one a+b"),
            ("/models/%ff", "one \u{FFFD}"), ("http://host/models/x", "one x"),
        ]
    )
    func finds(target: String, expected: String) async throws {
        let segments = try #require(HTTPTarget(target).segments)
        guard case .handler(let handler, let parameters) = router().resolve(.get, segments) else {
            Issue.record("\(target) has no route")
            return
        }
        let response = try await handler(HTTPRequest(method: .get, path: "", parameters: parameters))
        guard case .bytes(let bytes) = response.body else { return }
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }

    @Test(
        "an unknown path has no route",
        arguments: ["/", "/models", "/models//", "//models/a", "/models/a/b", "/v2/models/a", "/Models/a", "/files/"]
    )
    func unknown(target: String) throws {
        guard case .notFound = router().resolve(.get, HTTPTarget(target).segments ?? []) else {
            Issue.record("\(target) has a route")
            return
        }
    }

    @Test("a target that is no path has no segments", arguments: ["*", "models", "host:443"])
    func noPath(target: String) {
        #expect(HTTPTarget(target).segments == nil)
    }

    @Test("another method is told the allowed ones")
    func methods() {
        guard case .methodNotAllowed(let allow) = router().resolve(.delete, ["models", "a"]) else {
            Issue.record("DELETE has a route")
            return
        }
        #expect(allow == "GET, HEAD, POST, OPTIONS")
    }

    @Test("HEAD is served by GET's handler")
    func head() {
        guard case .handler = router().resolve(.head, ["models", "a"]) else {
            Issue.record("HEAD has no route")
            return
        }
    }

    @Test("a query is decoded, whatever is in it")
    func query() {
        let query = HTTPQuery("a=1&b=x+y%21&a=2&flag&=empty&%=%&c=d=e&&")
        #expect(query["a"] == "1")
        #expect(query.values(of: "a") == ["1", "2"])
        #expect(query["b"] == "x y!")
        #expect(query["flag"] == "")
        #expect(query[""] == "empty")
        #expect(query["%"] == "%")
        #expect(query["c"] == "d=e")
        #expect(query["d"] == nil)
        #expect(HTTPQuery("").isEmpty)
    }

    @Test("header names compare without regard to case")
    func headers() {
        var headers: HTTPHeaders = ["Content-Type": "a"]
        headers.add("X", "1")
        headers.add("x", "2")
        #expect(headers["content-TYPE"] == "a")
        #expect(headers.values(of: "X") == ["1", "2"])
        headers["x"] = "3"
        #expect(headers.map(\.value) == ["a", "3"])
        headers["X"] = nil
        #expect(headers["x"] == nil)
    }

    private func router() -> Router {
        var router = Router(prefixes: ["", "/v1"])
        router.on(.get, "/models/{id}") { .text("one " + ($0.parameters["id"] ?? "")) }
        router.on(.post, "/models/{id}") { _ in .text("posted") }
        router.on(.get, "/models/special") { _ in .text("special") }
        router.on(.get, "/files/{path...}") { .text("rest " + ($0.parameters["path"] ?? "")) }
        return router
    }
}
