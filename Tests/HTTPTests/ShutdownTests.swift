import HTTP
import Testing

@Suite("Life of a server", .timeLimit(.minutes(1)))
struct ShutdownTests {
    @Test("a port that is in use is a clear error")
    func portInUse() async throws {
        let first = try HTTPServer(configuration: try testConfiguration(), router: Router())
        var configuration = try testConfiguration()
        configuration.port = first.port
        #expect {
            try HTTPServer(configuration: configuration, router: Router())
        } throws: { error in
            (error as? HTTPServerError)?.code == .addressInUse
        }
    }

    @Test(
        "a host that can't be bound to is a clear error",
        arguments: [
            ("no such host", HTTPServerError.Code.unresolvableHost), ("192.0.2.1", .addressUnavailable),
            ("", .unresolvableHost),
        ]
    )
    func badHost(host: String, code: HTTPServerError.Code) async throws {
        var configuration = try testConfiguration()
        configuration.host = host
        #expect {
            try HTTPServer(configuration: configuration, router: Router())
        } throws: { error in
            (error as? HTTPServerError)?.code == code
        }
    }

    @Test("names and both kinds of addresses can be bound to", arguments: ["localhost", "127.0.0.1", "0.0.0.0"])
    func hosts(host: String) async throws {
        try await withServer(echoRouter(), configure: { $0.host = host }) { port in
            let client = try RawHTTPClient(port: port)
            await client.request("GET /hello")
            #expect(try await client.response().status == 200)
        }
    }

    @Test("a server starts once")
    func startsOnce() async throws {
        let server = try HTTPServer(configuration: try testConfiguration(), router: Router())
        try server.start()
        #expect(throws: HTTPServerError.self) { try server.start() }
        await server.shutdown(drainDeadline: .zero)
        #expect(throws: HTTPServerError.self) { try server.start() }
        await server.shutdown(drainDeadline: .zero)
    }

    @Test("a server that was never started shuts down, and its port is free")
    func neverStarted() async throws {
        var configuration = try testConfiguration()
        let server = try HTTPServer(configuration: configuration, router: Router())
        await server.shutdown(drainDeadline: .zero)
        configuration.port = server.port
        _ = try HTTPServer(configuration: configuration, router: Router())
    }

    @Test("shutting down accepts nobody, and lets running requests finish")
    func drains() async throws {
        let begun = Event()
        let gate = Event()
        var router = Router()
        router.on(.get, "/slow") { _ in
            begun.happen()
            await gate.wait()
            return .text("done")
        }
        let server = try HTTPServer(configuration: try testConfiguration(), router: router)
        try server.start()
        let client = try RawHTTPClient(port: server.port)
        await client.request("GET /slow")
        await begun.wait()
        async let shutdown: Void = server.shutdown(drainDeadline: .seconds(30))
        while (try? RawHTTPClient(port: server.port)) != nil { await Task.yield() }
        gate.happen()
        let response = try await client.response()
        #expect(response.text == "done")
        #expect(response["connection"]?.lowercased() == "close")
        await shutdown
        #expect(await client.readToEnd().isEmpty)
    }

    @Test("requests that do not end in time are cancelled, in every phase")
    func cancels() async throws {
        let events = (0..<3).map { _ in Event() }
        let cancelled = Counter()
        var router = Router()
        router.on(.get, "/waits") { _ in
            events[0].happen()
            try? await Task.sleep(for: .seconds(3600))
            cancelled.add(1)
            return .text("")
        }
        router.on(.get, "/streams") { _ in
            HTTPResponse(
                body: .stream { writer in
                    try await writer.write("x")
                    events[1].happen()
                    try? await Task.sleep(for: .seconds(3600))
                    cancelled.add(1)
                }
            )
        }
        router.on(.get, "/floods") { _ in
            HTTPResponse(
                body: .stream { writer in
                    events[2].happen()
                    defer { cancelled.add(1) }
                    while true { try await writer.write([UInt8](repeating: 0, count: 1 << 16)) }
                }
            )
        }
        let server = try HTTPServer(configuration: try testConfiguration(), router: router)
        try server.start()
        let clients = try (0..<5).map { _ in try RawHTTPClient(port: server.port) }
        await clients[0].request("GET /waits")
        await clients[1].request("GET /streams")
        await clients[2].request("GET /floods")
        await clients[3].request("POST /waits", headers: ["Content-Length: 5"])
        for event in events { await event.wait() }
        await server.shutdown(drainDeadline: .milliseconds(10))
        #expect(cancelled.value == 3)
        #expect(await clients[0].readToEnd().isEmpty)
        #expect(await clients[4].readToEnd().isEmpty)
    }

    @Test("shutting down amid a storm of requests is safe")
    func storm() async throws {
        for _ in 0..<10 {
            let server = try HTTPServer(configuration: try testConfiguration(), router: echoRouter())
            try server.start()
            let served = Event()
            let port = server.port
            async let storm: Void = withTaskGroup { group in
                for _ in 0..<16 {
                    group.addTask {
                        while let client = try? RawHTTPClient(port: port) {
                            await client.request("GET /stream")
                            await client.request("POST /echo", body: "x")
                            guard (try? await client.response()) != nil else { continue }
                            served.happen()
                            _ = try? await client.response()
                        }
                    }
                }
            }
            await served.wait()
            await server.shutdown(drainDeadline: .zero)
            await storm
        }
    }
}
