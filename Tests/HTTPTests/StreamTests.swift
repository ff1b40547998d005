import HTTP
import RuntimeSupport
import Testing

@Suite("Streams", .timeLimit(.minutes(1)))
struct StreamTests {
    @Test("a client that leaves while the handler works cancels it", arguments: [false, true])
    func leavesWhileWaiting(resets: Bool) async throws {
        let begun = Event()
        let cancelled = Event()
        var router = Router()
        router.on(.post, "/wait") { _ in
            begun.happen()
            do {
                try await Task.sleep(for: .seconds(3600))
            } catch {
                cancelled.happen()
            }
            return .text("never")
        }
        try await withServer(router) { port in
            var client: RawHTTPClient? = try RawHTTPClient(port: port)
            await client?.request("POST /wait", body: "x")
            await begun.wait()
            if resets { client?.resetWhenReleased() }
            client = nil
            await cancelled.wait()
        }
    }

    @Test("a client that leaves before its handler is called does not get it called")
    func leavesEarly() async throws {
        let calls = Counter()
        var router = echoRouter()
        router.on(.post, "/count") { _ in
            calls.add(1)
            return .text("")
        }
        try await withServer(router) { port in
            for _ in 0..<20 {
                let client = try RawHTTPClient(port: port)
                await client.request("POST /count", headers: ["Content-Length: 10"])
                await client.send("12345")
                client.close()
                #expect(await client.readToEnd().isEmpty)
            }
            let other = try RawHTTPClient(port: port)
            await other.request("GET /hello")
            #expect(try await other.response().status == 200)
            #expect(calls.value == 0)
        }
    }

    @Test("a client that leaves during a stream fails its writer", arguments: [false, true])
    func leavesWhileStreaming(isSilent: Bool) async throws {
        let failed = Event()
        var router = Router()
        router.on(.get, "/stream") { _ in
            HTTPResponse(
                body: .stream { writer in
                    defer { failed.happen() }
                    try await writer.write("first\n")
                    if isSilent { try await Task.sleep(for: .seconds(3600)) }
                    while true { try await writer.write([UInt8](repeating: 0x2e, count: 1024)) }
                }
            )
        }
        try await withServer(router) { port in
            var client: RawHTTPClient? = try RawHTTPClient(port: port)
            await client?.request("GET /stream")
            _ = try await client?.read(through: "first\n")
            client = nil
            await failed.wait()
        }
    }

    @Test("a writer does not get far ahead of its reader")
    func backPressure() async throws {
        let total = 96 << 20
        let read = Counter()
        let ahead = Guarded(0)
        var router = Router()
        router.on(.get, "/big") { _ in
            HTTPResponse(
                body: .stream { writer in
                    let block = [UInt8](repeating: 0x2e, count: 64 << 10)
                    var written = 0
                    while written < total {
                        try await writer.write(block)
                        written += block.count
                        let lead = written - read.value
                        ahead.withLock { $0 = max($0, lead) }
                    }
                }
            )
        }
        try await withServer(router) { port in
            let client = try RawHTTPClient(port: port, receiveBuffer: 64 << 10)
            await client.request("GET /big")
            _ = try await client.read(through: "\r\n\r\n")
            while read.value < total {
                let count = try await client.read(count: 64 << 10).count
                read.add(count)
            }
        }
        // What the kernel holds of it is a few megabytes.
        #expect(ahead.withLock { $0 } < 24 << 20)
    }

    @Test("a stream that fails does not end cleanly, nor hold its connection", arguments: ["1.0", "1.1"])
    func failure(version: String) async throws {
        var router = echoRouter()
        router.on(.get, "/fails") { _ in
            HTTPResponse(
                body: .stream { writer in
                    try await writer.write("some")
                    throw RawHTTPClient.Failure(description: "on purpose")
                }
            )
        }
        try await withServer(router, configure: { $0.limits.connections = 8 }) { port in
            // An older connection that stays idle: closed ones must be cleaned up all the same.
            let idle = try RawHTTPClient(port: port)
            await idle.request("GET /hello")
            _ = try await idle.response()
            for _ in 0..<16 {
                let client = try RawHTTPClient(port: port)
                await client.send("GET /fails HTTP/\(version)\r\nHost: localhost\r\n\r\n")
                let answer = String(decoding: await client.readToEnd(), as: UTF8.self)
                #expect(answer.contains("some"))
                #expect(!answer.contains("\r\n0\r\n"))
            }
            let client = try RawHTTPClient(port: port)
            await client.request("GET /hello")
            #expect(try await client.response().text == "hello")
        }
    }

    @Test("an empty stream is an empty body")
    func empty() async throws {
        var router = Router()
        router.on(.get, "/empty") { _ in HTTPResponse(body: .stream { _ in }) }
        try await withServer(router) { port in
            let client = try RawHTTPClient(port: port)
            for _ in 0..<3 {
                await client.request("GET /empty")
                #expect(try await client.response().body.isEmpty)
            }
        }
    }

    @Test("a hundred streams at once come through whole")
    func many() async throws {
        var router = Router()
        router.on(.get, "/numbers/{id}") { request in
            let id = request.parameters["id"] ?? ""
            return HTTPResponse(
                body: .stream { writer in
                    for number in 0..<200 {
                        try await writer.write("\(id):\(number)\n")
                        if number % 7 == 0 { await Task.yield() }
                    }
                }
            )
        }
        try await withServer(router) { port in
            let failures = try await withThrowingTaskGroup { group in
                for id in 0..<100 {
                    group.addTask {
                        let client = try RawHTTPClient(port: port)
                        await client.request("GET /numbers/\(id)")
                        return try await client.response().text == (0..<200).map { "\(id):\($0)\n" }.joined()
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 0 : 1) }
            }
            #expect(failures == 0)
        }
    }
}
