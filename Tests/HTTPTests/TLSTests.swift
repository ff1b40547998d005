import Foundation
import HTTP
import Testing

@Suite("TLS", .timeLimit(.minutes(1)))
struct TLSTests {
    @Test("a client is served through TLS")
    func roundTrip() async throws {
        let identity = try await makeIdentity()
        try await withServer(echoRouter(), configure: { $0.tls = identity }) { port in
            let body = String(repeating: "0123456789", count: 50_000)
            let file = FileManager.default.temporaryDirectory.appending(path: "http-tests-body-\(UUID())")
            try body.write(to: file, atomically: false, encoding: .utf8)
            defer { try? FileManager.default.removeItem(at: file) }
            let echo = try await run("curl -sk -m 20 --data-binary @\(file.path) https://localhost:\(port)/echo")
            #expect(echo == body)
            let stream = try await run("curl -sk -m 20 https://localhost:\(port)/v1/stream")
            #expect(stream == "part 0\npart 1\npart 2\n")
        }
    }

    @Test("a client without TLS is let go, and others are served")
    func plainClient() async throws {
        let identity = try await makeIdentity()
        try await withServer(echoRouter(), configure: { $0.tls = identity }) { port in
            let client = try RawHTTPClient(port: port)
            await client.request("GET /hello")
            #expect(!String(decoding: await client.readToEnd(), as: UTF8.self).contains("200"))
            let text = try await run("curl -sk -m 20 https://localhost:\(port)/hello")
            #expect(text == "hello")
        }
    }

    @Test("a handshake that does not come is not waited for")
    func noHandshake() async throws {
        let identity = try await makeIdentity()
        let configure: (inout HTTPConfiguration) -> Void = { configuration in
            configuration.tls = identity
            configuration.deadlines.headers = .milliseconds(200)
        }
        try await withServer(echoRouter(), configure: configure) { port in
            let client = try RawHTTPClient(port: port)
            #expect(await client.readToEnd().isEmpty)
        }
    }

    @Test("an unusable identity is a clear error")
    func badIdentity() async throws {
        let first = try await makeIdentity()
        let second = try await makeIdentity()
        let identities = [
            HTTPConfiguration.TLSIdentity(certificate: first.certificate, key: second.key),
            HTTPConfiguration.TLSIdentity(certificate: "nonsense", key: first.key),
            HTTPConfiguration.TLSIdentity(certificate: first.certificate, key: ""),
        ]
        for identity in identities {
            var configuration = try testConfiguration()
            configuration.tls = identity
            let server = try HTTPServer(configuration: configuration, router: Router())
            #expect {
                try server.start()
            } throws: { error in
                (error as? HTTPServerError)?.code == .badTLSIdentity
            }
        }
    }

    /// A new certificate for localhost, signed by itself.
    private func makeIdentity() async throws -> HTTPConfiguration.TLSIdentity {
        let folder = FileManager.default.temporaryDirectory.appending(path: "http-tests-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let key = folder.appending(path: "key.pem")
        let certificate = folder.appending(path: "certificate.pem")
        _ = try await run(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
                + " -keyout \(key.path) -out \(certificate.path) 2>/dev/null"
        )
        return HTTPConfiguration.TLSIdentity(
            certificate: try String(contentsOf: certificate, encoding: .utf8),
            key: try String(contentsOf: key, encoding: .utf8)
        )
    }

    /// What a shell command writes to standard output.
    private func run(_ command: String) async throws -> String {
        let output = await onThread { () -> [UInt8]? in
            // Foundation's Process reads beyond a buffer of its own on Linux, which the address sanitizer reports.
            guard let pipe = popen(command, "r") else { return nil }
            defer { pclose(pipe) }
            var output: [UInt8] = []
            var part = [UInt8](repeating: 0, count: 64 << 10)
            while case let count = fread(&part, 1, part.count, pipe), count > 0 { output += part.prefix(count) }
            return output
        }
        return String(decoding: try #require(output), as: UTF8.self)
    }
}
