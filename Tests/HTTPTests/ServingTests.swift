import HTTP
import Testing

@Suite("Serving", .timeLimit(.minutes(1)))
struct ServingTests {
    @Test("a connection serves one request after another")
    func keepAlive() async throws {
        try await withServer(echoRouter()) { port in
            let client = try RawHTTPClient(port: port)
            for number in 0..<5 {
                await client.request("POST /echo", body: "number \(number)")
                let response = try await client.response()
                #expect(response.status == 200)
                #expect(response.text == "number \(number)")
            }
        }
    }

    @Test("requests sent at once are answered in their order")
    func pipelining() async throws {
        try await withServer(echoRouter()) { port in
            let client = try RawHTTPClient(port: port)
            let requests = (0..<10).map { number in
                "POST /v1/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n\(number)"
            }
            await client.send(requests.joined())
            for number in 0..<10 { #expect(try await client.response().text == "\(number)") }
        }
    }

    @Test("an HTTP/1.0 client gets its answer and the end of the connection", arguments: ["/hello", "/stream"])
    func oldClient(path: String) async throws {
        try await withServer(echoRouter()) { port in
            let client = try RawHTTPClient(port: port)
            await client.send("GET \(path) HTTP/1.0\r\n\r\n")
            let answer = String(decoding: await client.readToEnd(), as: UTF8.self)
            #expect(answer.contains(" 200 OK\r\n"))
            #expect(answer.hasSuffix(path == "/hello" ? "\r\n\r\nhello" : "\r\n\r\npart 0\npart 1\npart 2\n"))
        }
    }

    @Test("HEAD has GET's headers and no body")
    func head() async throws {
        try await withServer(echoRouter()) { port in
            let client = try RawHTTPClient(port: port)
            await client.request("HEAD /hello")
            let response = try await client.response(toHead: true)
            #expect(response.status == 200)
            #expect(response["content-length"] == "5")
            await client.request("HEAD /stream")
            #expect(try await client.response(toHead: true).status == 200)
            #expect(await client.readToEnd().isEmpty)
        }
    }

    @Test("OPTIONS tells the methods of a path")
    func options() async throws {
        try await withServer(echoRouter()) { port in
            let client = try RawHTTPClient(port: port)
            await client.request("OPTIONS /echo")
            let response = try await client.response()
            #expect(response.status == 204)
            #expect(response["allow"] == "POST, OPTIONS")
            await client.request("OPTIONS /nowhere")
            #expect(try await client.response().status == 404)
        }
    }

    @Test(
        "faults have their status, and the connection goes on",
        arguments: [
            ("GET /nowhere", 404), ("DELETE /hello", 405), ("BREW /hello", 405), ("GET /broken", 500),
            ("POST /json", 415), ("GET /v2/hello", 404),
        ]
    )
    func faults(line: String, status: Int) async throws {
        try await withServer(echoRouter()) { port in
            let client = try RawHTTPClient(port: port)
            await client.request(line, headers: ["Content-Type: text/plain"], body: "{}")
            let response = try await client.response()
            #expect(response.status == status)
            #expect(!response.text.contains("secret"))
            if status == 405 { #expect(response["allow"] == "GET, HEAD, OPTIONS") }
            await client.request("POST /json", headers: ["Content-Type: Application/JSON; charset=utf-8"], body: "{}")
            #expect(try await client.response().text == "fine")
        }
    }

    @Test("a fault is rendered by the server's renderer, and keeps its own headers")
    func renderer() async throws {
        let render: FaultRenderer = { fault, path, id in
            let text = id.isEmpty ? "" : "{\"\(fault.kind) \(path)\"}"
            return HTTPResponse(headers: ["Content-Type": "application/json"], body: .bytes(Array(text.utf8)))
        }
        let server = try HTTPServer(configuration: try testConfiguration(), router: echoRouter(), renderer: render)
        try server.start()
        let client = try RawHTTPClient(port: server.port)
        await client.request("DELETE /hel%6Co?x")
        let response = try await client.response()
        #expect(response.status == 405)
        #expect(response.text == "{\"methodNotAllowed /hello\"}")
        #expect(response["content-type"] == "application/json")
        #expect(response["allow"] != nil)
        await server.shutdown(drainDeadline: .zero)
    }

    @Test("paths and queries reach the handler decoded")
    func decoding() async throws {
        try await withServer(echoRouter()) { port in
            let client = try RawHTTPClient(port: port)
            await client.request("GET /v1/models/org%2Fname%20x/")
            #expect(try await client.response().text == "org/name x")
            await client.request("GET /query?a=1+2&b=%zz&c")
            #expect(try await client.response().text == "a=1 2;b=%zz;c=")
        }
    }

    @Test("every response has an id of its own")
    func requestID() async throws {
        try await withServer(echoRouter()) { port in
            let client = try RawHTTPClient(port: port)
            var ids: Set<String> = []
            for path in ["/hello", "/nowhere", "/stream"] {
                await client.request("GET \(path)")
                let id = try #require(try await client.response()["x-request-id"])
                #expect(id.hasPrefix("req_") && id.count == 28)
                ids.insert(id)
            }
            #expect(ids.count == 3)
        }
    }

    @Test("a client that expects to be asked sends its body when it is asked")
    func expectContinue() async throws {
        try await withServer(echoRouter()) { port in
            let client = try RawHTTPClient(port: port)
            await client.send(
                "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
            )
            #expect(try await client.read(through: "\r\n\r\n").contains(" 100 "))
            await client.send("body")
            #expect(try await client.response().text == "body")
        }
    }

    @Test("chunked bodies are put together")
    func chunked() async throws {
        try await withServer(echoRouter()) { port in
            let client = try RawHTTPClient(port: port)
            await client.request("POST /echo", headers: ["Transfer-Encoding: chunked"])
            await client.send("3\r\nabc\r\n")
            await client.send("4;ext=1\r\ndefg\r\n0\r\nTrailer: x\r\n\r\n")
            #expect(try await client.response().text == "abcdefg")
        }
    }

    @Test("a large body and answer come through whole")
    func large() async throws {
        try await withServer(echoRouter()) { port in
            let client = try RawHTTPClient(port: port)
            let body = String(repeating: "0123456789abcdef", count: 512 << 10)
            async let isSent = client.request("POST /echo", body: body)
            let response = try await client.response()
            #expect(await isSent)
            #expect(response.body == Array(body.utf8))
        }
    }

    @Test("two hundred requests at once are all answered")
    func concurrent() async throws {
        try await withServer(echoRouter()) { port in
            let texts = try await withThrowingTaskGroup { group in
                for number in 0..<200 {
                    group.addTask {
                        let client = try RawHTTPClient(port: port)
                        await client.request("POST /echo", body: "\(number)")
                        return try await client.response().text
                    }
                }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(texts == Set((0..<200).map { "\($0)" }))
        }
    }
}
