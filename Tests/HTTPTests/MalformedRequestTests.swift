import HTTP
import TestSupport
import Testing

@Suite("Malformed requests", .timeLimit(.minutes(1)))
struct MalformedRequestTests {
    private static let corpus: [String] = [
        "\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", "GET /hello\r\n\r\n",
        " GET /hello HTTP/1.1\r\n\r\n", "GET /hello HTTP/1.1\r\nno colon\r\n\r\n",
        "GET /hello HTTP/1.1\r\n: empty\r\n\r\n", "GET /hello HTTP/1.1\r\n folded: first\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n", "G\u{0}T /hello HTTP/1.1\r\n\r\n",
        "GET /he\u{0}llo HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: localhost\r\n"
            + "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "CONNECT example.com:443 HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET ?x HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET //////?&&&===%%% HTTP/1.1\r\nHost: localhost\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}",
        "GET /hello HTTP/1.1\nHost: localhost\n\n", "GET /%00%ff%fe HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET " + String(repeating: "/a", count: 20_000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /hello HTTP/1.1\r\n" + String(repeating: "A: b\r\n", count: 10_000) + "\r\n",
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: something\r\n\r\nabcde",
        "GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    ]

    @Test("after each malformed request, others are served", arguments: corpus.indices)
    func malformed(index: Int) async throws {
        try await withServer(echoRouter()) { port in
            let client = try RawHTTPClient(port: port)
            await client.send(Self.corpus[index])
            client.closeSending()
            _ = await client.readToEnd()
            try await expectService(port)
        }
    }

    @Test("random and damaged requests do not disturb the server")
    func random() async throws {
        var generator = SplitMix64(seed: 42)
        let good = Array("POST /echo?a=b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nX: y\r\n\r\nabc".utf8)
        let requests = (0..<300).map { number in
            if number % 3 == 0 {
                return (0..<Int.random(in: 1...400, using: &generator)).map { _ in
                    UInt8.random(in: 0...255, using: &generator)
                }
            }
            var damaged = good
            for _ in 0..<Int.random(in: 1...5, using: &generator) {
                damaged[Int.random(in: 0..<damaged.count, using: &generator)] = UInt8.random(
                    in: 0...255,
                    using: &generator
                )
            }
            return Array(damaged.prefix(Int.random(in: 1...damaged.count, using: &generator)))
        }
        try await withServer(echoRouter()) { port in
            try await withThrowingTaskGroup { group in
                for request in requests {
                    group.addTask {
                        let client = try RawHTTPClient(port: port)
                        await client.send(request)
                        client.closeSending()
                        _ = await client.readToEnd()
                    }
                }
                try await group.waitForAll()
            }
            try await expectService(port)
        }
    }

    private func expectService(_ port: UInt16) async throws {
        let client = try RawHTTPClient(port: port)
        await client.request("POST /echo", body: "fine")
        #expect(try await client.response().text == "fine")
    }
}
