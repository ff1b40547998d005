import Testing

@testable import HTTP

@Suite("Access", .timeLimit(.minutes(1)))
struct AccessTests {
    @Test(
        "hosts that name this machine are served",
        arguments: [
            "localhost", "LOCALHOST:8080", "localhost.", "app.localhost", "127.0.0.1", "127.0.0.1:80", "127.8.8.8",
            "[::1]", "[::1]:8080", "192.0.2.7:80", "gpu.example", "GPU.example:1",
        ]
    )
    func servedHosts(host: String) {
        #expect(HostPolicy(additional: ["gpu.example", "192.0.2.7"]).allows(host))
    }

    @Test(
        "other and malformed hosts are not served",
        arguments: [
            "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evillocalhost", "", ":80", "[::1",
            "::1", "[127.0.0.1]", "[]", "localhost:80:80", "localhost:x", "127.0.0.1@evil.example", "1.2.3", "0x7f.1",
            "192.0.2.1", "192.0.2.1:80", "[2001:db8::1]", ".", "localhost ", "local\u{0}host",
        ]
    )
    func refusedHosts(host: String) {
        #expect(!HostPolicy(additional: ["gpu.example"]).allows(host))
    }

    @Test("every name is served where all are allowed, malformed ones are not")
    func allHosts() {
        #expect(HostPolicy(additional: ["*"]).allows("any.example"))
        #expect(!HostPolicy(additional: ["*"]).allows("[::1"))
    }

    @Test(
        "a key is found in either header",
        arguments: [
            ("Authorization", "Bearer one", Principal.key(0)), ("authorization", "bearer two", .key(1)),
            ("Authorization", "Bearer   two  ", .key(1)), ("x-api-key", "two", .key(1)), ("X-API-KEY", "one", .key(0)),
        ]
    )
    func goodKeys(name: String, value: String, principal: Principal) throws {
        var headers = HTTPHeaders()
        headers.add(name, value)
        #expect(try self.principal(headers) == principal)
    }

    @Test(
        "a wrong key is none",
        arguments: [
            ("Authorization", "Bearer on"), ("Authorization", "Bearer onee"), ("Authorization", "Bearer "),
            ("Authorization", "one"), ("Authorization", "Basic one"), ("x-api-key", ""), ("x-api-key", "ONE"),
            ("x-api-key", "one\u{0}"), ("x-api-key", String(repeating: "o", count: 100_000)), ("Cookie", "one"),
        ]
    )
    func wrongKeys(name: String, value: String) throws {
        var headers = HTTPHeaders()
        headers.add(name, value)
        #expect(try self.principal(headers) == nil)
    }

    @Test("an empty or overlong key is refused at once", arguments: ["", String(repeating: "k", count: 257)])
    func badConfiguration(key: String) {
        #expect(throws: HTTPFault.self) { try APIKeys(["good", key]) }
    }

    @Test("with keys, everything but the bare GET /health needs one")
    func locked() async throws {
        let access = try access(keys: ["one", "two"])
        try await withServer(echoRouter(), configure: { $0.access = access }) { port in
            let client = try RawHTTPClient(port: port)
            for line in [
                "GET /hello", "GET /nowhere", "DELETE /hello", "GET /v1/health", "GET /health?x", "GET /health/",
                "POST /health", "HEAD /health", "OPTIONS /hello", "GET /%68ealth",
            ] {
                await client.request(line)
                let response = try await client.response(toHead: line.hasPrefix("HEAD"))
                #expect(response.status == 401, "\(line)")
                #expect(response["www-authenticate"] == "Bearer")
            }
            await client.request("GET /health")
            #expect(try await client.response().text == "ok")
            await client.request("GET /who", headers: ["Authorization: Bearer two"])
            #expect(try await client.response().text == "key(1)")
            await client.request("GET /nowhere", headers: ["x-api-key: one"])
            #expect(try await client.response().status == 404)
        }
    }

    @Test("without keys, everybody is anonymous")
    func open() async throws {
        try await withServer(echoRouter()) { port in
            let client = try RawHTTPClient(port: port)
            await client.request("GET /who", headers: ["Authorization: Bearer x"])
            #expect(try await client.response().text == "anonymous")
        }
    }

    @Test(
        "the Host header is needed once, and must be ours",
        arguments: [
            ("GET /hello HTTP/1.1\r\n\r\n", 400), ("GET /hello HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403),
            ("GET /hello HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
            ("GET /hello HTTP/1.1\r\nHost:\r\n\r\n", 403), ("GET /hello HTTP/1.0\r\n\r\n", 200),
            ("GET /hello HTTP/1.0\r\nHost: evil.example\r\n\r\n", 403),
            ("GET http://evil.example/hello HTTP/1.1\r\nHost: localhost\r\n\r\n", 403),
            ("GET http://localhost/hello HTTP/1.1\r\nHost: localhost\r\n\r\n", 200),
            ("GET /hello HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", 200),
        ]
    )
    func hostHeader(request: String, status: Int) async throws {
        try await withServer(echoRouter()) { port in
            let client = try RawHTTPClient(port: port)
            await client.send(request)
            #expect(try await client.response().status == status)
        }
    }

    @Test(
        "a foreign web page is refused, this server's own is not",
        arguments: [
            ("http://evil.example", 403), ("null", 403), ("http://localhost", 200), ("https://localhost", 200),
            ("http://localhost:1", 403),
        ]
    )
    func origin(origin: String, status: Int) async throws {
        try await withServer(echoRouter()) { port in
            let client = try RawHTTPClient(port: port)
            await client.request("POST /echo", headers: ["Origin: \(origin)"], body: "x")
            let response = try await client.response()
            #expect(response.status == status)
            #expect(response["access-control-allow-origin"] == nil)
        }
    }

    @Test("an allowed web page may read every response, and gets its preflight without a key")
    func crossOrigin() async throws {
        let access = try access(origins: ["https://chat.example"], keys: ["one"])
        try await withServer(echoRouter(), configure: { $0.access = access }) { port in
            let client = try RawHTTPClient(port: port)
            let origin = "Origin: https://chat.example"
            await client.request(
                "OPTIONS /echo",
                headers: [
                    origin, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization, x-a",
                ]
            )
            let preflight = try await client.response()
            #expect(preflight.status == 204)
            #expect(preflight["access-control-allow-origin"] == "https://chat.example")
            #expect(preflight["access-control-allow-methods"]?.contains("POST") == true)
            #expect(preflight["access-control-allow-headers"] == "authorization, x-a")
            #expect(preflight["vary"] == "Origin")
            for (line, status) in [("GET /hello", 200), ("GET /nowhere", 404), ("GET /broken", 500)] {
                await client.request(line, headers: [origin, "x-api-key: one"])
                let response = try await client.response()
                #expect(response.status == status)
                #expect(response["access-control-allow-origin"] == "https://chat.example")
                #expect(response["vary"] == "Origin")
            }
            await client.request("GET /hello", headers: [origin])
            let locked = try await client.response()
            #expect(locked.status == 401)
            #expect(locked["access-control-allow-origin"] == "https://chat.example")
            await client.request(
                "OPTIONS /echo",
                headers: ["Origin: https://evil.example", "Access-Control-Request-Method: POST"]
            )
            #expect(try await client.response().status == 403)
        }
    }

    @Test("all web pages may be allowed")
    func allOrigins() async throws {
        let access = try access(origins: ["*"])
        try await withServer(echoRouter(), configure: { $0.access = access }) { port in
            let client = try RawHTTPClient(port: port)
            await client.request("GET /hello", headers: ["Origin: null"])
            let response = try await client.response()
            #expect(response.status == 200)
            #expect(response["access-control-allow-origin"] == "*")
        }
    }

    private func principal(_ headers: HTTPHeaders) throws -> Principal? {
        let keys = try APIKeys(["one", "two"])
        return keys.principal(
            of: HTTPRequest(method: .get, path: "/hello", headers: headers),
            target: HTTPTarget("/hello")
        )
    }
}
