import HTTP
import Testing

@Suite("Deadlines", .timeLimit(.minutes(1)), .serialized)
struct DeadlineTests {
    @Test(
        "a connection that sends nothing, or not all of its headers, is closed",
        arguments: ["", "GET / HTTP/1.1\r\nHo"]
    )
    func headers(start: String) async throws {
        try await withServer(echoRouter(), configure: { $0.deadlines.headers = .milliseconds(200) }) { port in
            let client = try RawHTTPClient(port: port)
            await client.send(start)
            #expect(await client.readToEnd().isEmpty)
        }
    }

    @Test("a header now and then does not put the deadline off", arguments: [false, true])
    func drippingHeaders(hasBeenServed: Bool) async throws {
        // What is served first has to be here by then.
        let deadline = Duration.milliseconds(hasBeenServed ? 2000 : 300)
        try await withServer(echoRouter(), configure: { $0.deadlines.headers = deadline }) { port in
            let client = try RawHTTPClient(port: port)
            if hasBeenServed {
                await client.request("GET /hello")
                _ = try await client.response()
            }
            await client.send("GET /hello HTTP/1.1\r\n")
            try await drip("X: y\r\n", to: client)
        }
    }

    @Test("a byte of the body now and then does not put the deadline off")
    func drippingBody() async throws {
        try await withServer(echoRouter(), configure: { $0.deadlines.body = .milliseconds(300) }) { port in
            let client = try RawHTTPClient(port: port)
            await client.request("POST /echo", headers: ["Content-Length: 1000000"])
            try await drip("x", to: client)
        }
    }

    @Test("half a body is not waited for")
    func halfBody() async throws {
        try await withServer(echoRouter(), configure: { $0.deadlines.body = .milliseconds(200) }) { port in
            let client = try RawHTTPClient(port: port)
            await client.request("POST /echo", headers: ["Content-Length: 10"])
            await client.send("12345")
            #expect(await client.readToEnd().isEmpty)
        }
    }

    @Test("an idle connection is closed, after having served")
    func idle() async throws {
        try await withServer(echoRouter(), configure: { $0.deadlines.idle = .milliseconds(200) }) { port in
            let client = try RawHTTPClient(port: port)
            await client.request("GET /hello")
            #expect(try await client.response().status == 200)
            #expect(await client.readToEnd().isEmpty)
        }
    }

    @Test("a handler may take longer than every deadline")
    func slowHandler() async throws {
        let begun = Event()
        let gate = Event()
        var router = echoRouter()
        router.on(.get, "/slow") { _ in
            begun.happen()
            await gate.wait()
            return .text("late")
        }
        let deadlines: (inout HTTPConfiguration) -> Void = { configuration in
            // The slow client's own request has to be here by then.
            configuration.deadlines.headers = .seconds(1)
            configuration.deadlines.body = .milliseconds(100)
            configuration.deadlines.send = .milliseconds(100)
            configuration.deadlines.idle = .milliseconds(100)
        }
        try await withServer(router, configure: deadlines) { port in
            let slow = try RawHTTPClient(port: port)
            await slow.request("GET /slow")
            await begun.wait()
            // Once three others have been ended, the slow one's time would have come as well.
            for _ in 0..<3 {
                let silent = try RawHTTPClient(port: port)
                #expect(await silent.readToEnd().isEmpty)
            }
            gate.happen()
            #expect(try await slow.response().text == "late")
        }
    }

    @Test("two thousand silent connections do not keep others from being served, and are all closed")
    func silentCrowd() async throws {
        try await withServer(echoRouter(), configure: { $0.deadlines.headers = .seconds(2) }) { port in
            let crowd = try (0..<2000).map { _ in try RawHTTPClient(port: port) }
            let client = try RawHTTPClient(port: port)
            await client.request("GET /hello")
            #expect(try await client.response().status == 200)
            let closed = await onThreads(crowd) { await $0.readToEnd().isEmpty }
            #expect(closed == 2000)
        }
    }

    @Test("connections beyond the limit are served once others leave")
    func connectionLimit() async throws {
        try await withServer(echoRouter(), configure: { $0.limits.connections = 4 }) { port in
            let crowd = try (0..<4).map { _ in try RawHTTPClient(port: port) }
            for client in crowd {
                await client.request("GET /hello")
                #expect(try await client.response().status == 200)
            }
            let late = try RawHTTPClient(port: port)
            await late.request("GET /hello")
            for client in crowd { client.close() }
            #expect(try await late.response().status == 200)
        }
    }

    @Test("a stalled reader is ended, and others are served meanwhile")
    func stalledReader() async throws {
        let ended = Event()
        var router = echoRouter()
        router.on(.get, "/endless") { _ in
            HTTPResponse(
                body: .stream { writer in
                    defer { ended.happen() }
                    let block = [UInt8](repeating: 0x2e, count: 32 << 10)
                    while true { try await writer.write(block) }
                }
            )
        }
        try await withServer(router, configure: { $0.deadlines.send = .milliseconds(300) }) { port in
            let stalled = try RawHTTPClient(port: port, receiveBuffer: 4096)
            await stalled.request("GET /endless")
            _ = try await stalled.read(through: "\r\n\r\n")
            let other = try RawHTTPClient(port: port)
            await other.request("GET /hello")
            #expect(try await other.response().text == "hello")
            await ended.wait()
            let rest = await stalled.readToEnd()
            #expect(!rest.suffix(7).elementsEqual(Array("\r\n0\r\n\r\n".utf8)))
            let late = try RawHTTPClient(port: port)
            await late.request("GET /hello")
            #expect(try await late.response().text == "hello")
        }
    }

    /// Sends a piece again and again, until the server has closed the connection without an answer.
    private func drip(_ piece: String, to client: RawHTTPClient) async throws {
        let counter = Counter()
        async let answer = {
            let answer = await client.readToEnd()
            counter.add(1)
            return answer
        }()
        while counter.value == 0 {
            await client.send(piece)
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(await answer.isEmpty)
    }

    /// How many clients a check holds for; each of 50 tasks takes its share of them.
    private func onThreads(
        _ clients: [RawHTTPClient],
        _ check: @escaping @Sendable (RawHTTPClient) async -> Bool
    ) async -> Int {
        await withTaskGroup { group in
            for start in 0..<50 {
                group.addTask {
                    var count = 0
                    for index in stride(from: start, to: clients.count, by: 50) where await check(clients[index]) {
                        count += 1
                    }
                    return count
                }
            }
            return await group.reduce(0, +)
        }
    }
}
