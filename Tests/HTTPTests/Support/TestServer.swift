import HTTP

/// Serves on a free port of the loopback address while the body runs.
func withServer(
    _ router: Router,
    configure: (inout HTTPConfiguration) throws -> Void = { _ in },
    _ body: (UInt16) async throws -> Void
) async throws {
    var configuration = try testConfiguration()
    try configure(&configuration)
    let server = try HTTPServer(configuration: configuration, router: router)
    try server.start()
    do {
        try await body(server.port)
    } catch {
        await server.shutdown(drainDeadline: .zero)
        throw error
    }
    await server.shutdown(drainDeadline: .zero)
}

func testConfiguration(
    hosts: [String] = [],
    origins: [String] = [],
    keys: [String] = []
) throws -> HTTPConfiguration {
    HTTPConfiguration(access: try access(hosts: hosts, origins: origins, keys: keys))
}

func access(hosts: [String] = [], origins: [String] = [], keys: [String] = []) throws -> AccessControl {
    AccessControl(
        hosts: HostPolicy(additional: hosts),
        origins: OriginPolicy(allowed: origins),
        keys: try APIKeys(keys)
    )
}

/// Routes for many tests: what came is told in the response.
func echoRouter() -> Router {
    var router = Router(prefixes: ["", "/v1"])
    router.on(.get, "/health") { _ in .text("ok") }
    router.on(.get, "/hello") { _ in .text("hello") }
    router.on(.post, "/echo") { request in HTTPResponse(body: .bytes(request.body)) }
    router.on(.post, "/size") { request in .text("\(request.body.count)") }
    router.on(.get, "/who") { request in .text("\(request.principal)") }
    router.on(.get, "/models/{id}") { request in .text(request.parameters["id"] ?? "none") }
    router.on(.get, "/query") { request in
        .text(request.query.map { "\($0.name)=\($0.value)" }.joined(separator: ";"))
    }
    router.on(.post, "/json") { request in
        try request.requireContentType("application/json")
        return .text("fine")
    }
    router.on(.get, "/broken") { _ in throw RawHTTPClient.Failure(description: "secret") }
    router.on(.get, "/stream") { _ in
        HTTPResponse(
            body: .stream { writer in
                for number in 0..<3 { try await writer.write("part \(number)\n") }
            }
        )
    }
    return router
}
