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
            let echo = try await run(
                "curl",
                "-sk",
                "--max-time",
                "20",
                "--data-binary",
                "@-",
                "https://localhost:\(port)/echo",
                input: body
            )
            #expect(echo == body)
            let stream = try await run("curl", "-sk", "--max-time", "20", "https://localhost:\(port)/v1/stream")
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
            let text = try await run("curl", "-sk", "--max-time", "20", "https://localhost:\(port)/hello")
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
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-keyout",
            key.path,
            "-out",
            certificate.path
        )
        return HTTPConfiguration.TLSIdentity(
            certificate: try String(contentsOf: certificate, encoding: .utf8),
            key: try String(contentsOf: key, encoding: .utf8)
        )
    }

    /// What a command writes to standard output.
    private func run(_ command: String..., input: String = "") async throws -> String {
        let result = await onThread { () -> Result<String, any Error> in
            Result {
                let process = Process()
                let output = Pipe()
                let file = FileManager.default.temporaryDirectory.appending(path: "http-tests-input-\(UUID())")
                try Data(input.utf8).write(to: file)
                defer { try? FileManager.default.removeItem(at: file) }
                process.executableURL = URL(filePath: "/usr/bin/env")
                process.arguments = command
                process.standardInput = try FileHandle(forReadingFrom: file)
                process.standardOutput = output
                process.standardError = FileHandle.nullDevice
                try process.run()
                let data = try output.fileHandleForReading.readToEnd() ?? Data()
                process.waitUntilExit()
                return String(decoding: data, as: UTF8.self)
            }
        }
        return try result.get()
    }
}
