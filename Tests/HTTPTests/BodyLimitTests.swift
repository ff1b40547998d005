import HTTP
import Testing

@Suite("Limits of bodies", .timeLimit(.minutes(1)))
struct BodyLimitTests {
    @Test("a body at the limit is taken, one beyond is refused, and the connection goes on")
    func length() async throws {
        try await withServer(echoRouter(), configure: { $0.limits.body = 1000 }) { port in
            let client = try RawHTTPClient(port: port)
            await client.request("POST /size", body: String(repeating: "x", count: 1000))
            #expect(try await client.response().text == "1000")
            await client.request("POST /size", body: String(repeating: "x", count: 1001))
            #expect(try await client.response().status == 413)
            await client.request("GET /hello")
            #expect(try await client.response().status == 200)
        }
    }

    @Test("a body that is announced too large is refused before it is sent")
    func announced() async throws {
        try await withServer(echoRouter()) { port in
            let client = try RawHTTPClient(port: port)
            await client.request("POST /size", headers: ["Content-Length: 99999999999"])
            #expect(try await client.response().status == 413)
            #expect(await client.readToEnd().isEmpty)
        }
    }

    @Test("the refusal of a large body reaches a client that sends it regardless")
    func sentRegardless() async throws {
        let access = try access(keys: ["key"])
        try await withServer(echoRouter(), configure: { $0.access = access }) { port in
            for _ in 0..<20 {
                let client = try RawHTTPClient(port: port)
                let isSent = await client.request("POST /size", body: String(repeating: "x", count: 2 << 20))
                #expect(isSent)
                #expect(try await client.response().status == 401)
            }
        }
    }

    @Test("a small refused body may be larger than the limit of bodies")
    func smallRefused() async throws {
        try await withServer(echoRouter(), configure: { $0.limits.body = 1000 }) { port in
            let client = try RawHTTPClient(port: port)
            await client.request("POST /size", body: String(repeating: "x", count: 60_000))
            #expect(try await client.response().status == 413)
            await client.request("GET /hello")
            #expect(try await client.response().status == 200)
        }
    }

    @Test("a client that asks before it sends is refused without being asked to send")
    func expectation() async throws {
        try await withServer(echoRouter(), configure: { $0.limits.body = 1000 }) { port in
            let client = try RawHTTPClient(port: port)
            await client.request("POST /size", headers: ["Expect: 100-continue", "Content-Length: 1001"])
            #expect(try await client.read(through: "\r\n").contains(" 413 "))
        }
    }

    @Test("a chunked body is counted as it comes, and refused when it has ended")
    func chunked() async throws {
        try await withServer(echoRouter(), configure: { $0.limits.body = 1000 }) { port in
            let client = try RawHTTPClient(port: port)
            let chunk = "1f4\r\n" + String(repeating: "x", count: 500) + "\r\n"
            await client.request("POST /size", headers: ["Transfer-Encoding: chunked"])
            await client.send(chunk + chunk + "0\r\n\r\n")
            #expect(try await client.response().text == "1000")
            await client.request("POST /size", headers: ["Transfer-Encoding: chunked"])
            await client.send(chunk + chunk + chunk + "0\r\n\r\n")
            #expect(try await client.response().status == 413)
            await client.request("GET /hello")
            #expect(try await client.response().status == 200)
        }
    }

    @Test("a chunked body without an end is cut")
    func endless() async throws {
        try await withServer(echoRouter(), configure: { $0.limits.body = 1000 }) { port in
            let client = try RawHTTPClient(port: port)
            await client.request("POST /size", headers: ["Transfer-Encoding: chunked"])
            let chunk = "1f4\r\n" + String(repeating: "x", count: 500) + "\r\n"
            await client.send(String(repeating: chunk, count: 10_000))
            #expect(await client.readToEnd().isEmpty)
        }
    }

    @Test("bodies together have a limit, and their memory is given back")
    func together() async throws {
        let arrived = Event()
        let gate = Event()
        var router = echoRouter()
        router.on(.post, "/hold") { request in
            arrived.happen()
            await gate.wait()
            return .text("\(request.body.count)")
        }
        let limits: (inout HTTPConfiguration) -> Void = { $0.limits.allBodies = 1500 }
        try await withServer(router, configure: limits) { port in
            let body = String(repeating: "x", count: 1000)
            let first = try RawHTTPClient(port: port)
            await first.request("POST /hold", body: body)
            await arrived.wait()
            let second = try RawHTTPClient(port: port)
            await second.request("POST /size", body: body)
            let refusal = try await second.response()
            #expect(refusal.status == 503)
            #expect(refusal["retry-after"] == "1")
            await second.request("POST /size", headers: ["Transfer-Encoding: chunked"])
            await second.send("3e8\r\n\(body)\r\n0\r\n\r\n")
            #expect(try await second.response().status == 503)
            gate.happen()
            #expect(try await first.response().text == "1000")
            // The first request's memory is given back when its handler's task ends, soon after its answer has been read.
            var last: RawResponse
            repeat {
                await first.request("POST /size", body: body)
                last = try await first.response()
            } while last.status == 503
            #expect(last.text == "1000")
        }
    }

    @Test(
        "ambiguous and unknown framings are refused",
        arguments: [
            ("Transfer-Encoding: chunked\r\nContent-Length: 3", 400), ("Content-Length: 3\r\nContent-Length: 4", 400),
            ("Transfer-Encoding: gzip", 501), ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 501),
            ("Content-Length: -1", 400), ("Content-Length: abc", 400), ("Content-Length: 99999999999999999999", 413),
        ]
    )
    func framing(headers: String, status: Int) async throws {
        try await withServer(echoRouter()) { port in
            let client = try RawHTTPClient(port: port)
            await client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\n\(headers)\r\n\r\nabc")
            #expect(try await client.response().status == status)
        }
    }

    @Test("headers beyond the memory of a connection are refused")
    func headers() async throws {
        try await withServer(echoRouter()) { port in
            let client = try RawHTTPClient(port: port)
            await client.request("GET /hello", headers: ["X: " + String(repeating: "x", count: 20_000)])
            #expect(try await client.response().status == 200)
            let greedy = try RawHTTPClient(port: port)
            await greedy.request("GET /hello", headers: ["X: " + String(repeating: "x", count: 40_000)])
            #expect(try await greedy.response().status == 431)
        }
    }
}
