import Foundation
import Llama
import RuntimeSupport
import Testing

@testable import InferenceServer

@Suite("The command line")
struct CommandLineTests {
    private func serve(_ arguments: String..., environment: [String: String] = [:]) throws -> ServeOptions {
        guard case .serve(let options) = try Command(arguments: arguments, environment: environment) else {
            throw UsageError("not serve")
        }
        return options
    }

    @Test("without arguments the server serves this box alone, on port 5000")
    func defaults() throws {
        let options = try serve()
        #expect(options.host == "127.0.0.1")
        #expect(options.port == 5000)
        #expect(options.model.folder == "models")
        #expect(options.model.parallel == 8)
        #expect(options.apiKeys == [])
        #expect(options.acceptsAliases)
        #expect(options.maxBody == 64 << 20)
    }

    @Test("values stand behind a space or an equals sign, and the last one counts")
    func values() throws {
        #expect(try serve("--port", "80").port == 80)
        #expect(try serve("serve", "--api-port=0").port == 0)
        #expect(try serve("--port", "1", "--api-port", "2").port == 2)
        #expect(try serve("--api-key", "a", "--api-key=b").apiKeys == ["a", "b"])
        #expect(try serve("--api", "--log-level", "error").model.logLevel == .error)
    }

    @Test("responses are remembered within bounds")
    func responses() throws {
        #expect(try serve().responses == ResponseStore.Limits(count: 1_000, bytes: 128 << 20))
        let options = try serve("--max-responses", "0", "--responses-size=1M")
        #expect(options.responses == ResponseStore.Limits(count: 0, bytes: 1 << 20))
        #expect(throws: UsageError.self) { try serve("--responses-size", "10%") }
        #expect(throws: UsageError.self) { try serve("--max-responses", "-1") }
    }

    @Test("nothing outlives the process unless a folder is named, and its size is a size")
    func store() throws {
        #expect(try serve().storeFolder == nil)
        let options = try serve("--kv-store", "/var/cache/states")
        #expect(options.storeFolder == "/var/cache/states")
        #expect(options.storeSize == 2 << 30)
        #expect(try serve("--kv-store=x", "--kv-store-size", "500M").storeSize == 500 << 20)
        for size in ["0", "-1G", "50%", "much"] {
            #expect(throws: UsageError.self) { try serve("--kv-store", "x", "--kv-store-size", size) }
        }
        #expect(throws: UsageError.self) { try serve("--kv-store-size", "1G") }
    }

    @Test("tune takes a model before or behind its options, and formats in any case")
    func tune() throws {
        for arguments in [["tune", "m", "--formats", "q8_0,Q4_0,Q8_0"], ["tune", "--formats=Q8_0,Q4_0", "m"]] {
            guard case .tune(let options) = try Command(arguments: arguments, environment: [:]) else {
                throw UsageError("not tune")
            }
            #expect(options.model == "m")
            #expect(options.formats == [.q8_0, .q4_0])
            #expect(options.maxKL == 0.01)
        }
        #expect(try serve("--no-tune").model.usesTuning == false)
        #expect(try serve().model.usesTuning)
    }

    @Test("keys come from the environment too")
    func environmentKeys() throws {
        #expect(
            try serve("--api-key", "a", environment: ["INFERENCE_SERVER_API_KEY": "b,c"]).apiKeys == ["a", "b", "c"]
        )
    }

    @Test("keys come from a file, one on each line")
    func keyFile() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "keys-\(UUID())").path
        try Data("one\n\n  two \n".utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(try serve("--api-key-file", path).apiKeys == ["one", "two"])
        try Data("\n".utf8).write(to: URL(filePath: path))
        #expect(throws: UsageError.self) { try serve("--api-key-file", path) }
    }

    @Test(
        "a wrong command line is one clear line",
        arguments: [
            (["--nonsense"], "unknown option '--nonsense'"),
            (["--port"], "--port needs a value: --port N"),
            (["--port", "abc"], "--port takes a whole number from 0 to 65535, not 'abc'"),
            (["--port", "65536"], "--port takes a whole number from 0 to 65535, not '65536'"),
            (["--parallel", "0"], "--parallel takes a whole number from 1 to 256, not '0'"),
            (["--listen=yes"], "--listen takes no value"),
            (["dance"], "unknown command 'dance'"),
            (["serve", "stray"], "unexpected argument 'stray'"),
            (["--public-api"], "--public-api is not supported"),
            (["--ssl-certfile", "/nowhere"], "--ssl-certfile and --ssl-keyfile go together"),
            (["--api-key-file", "/nowhere"], "--api-key-file: cannot read the file /nowhere"),
            (["tune", "a", "b"], "unexpected argument 'b'"),
            (["tune", "--formats", "Q8_0,Q9"], "--formats takes F32, F16"),
            (["tune", "--max-kl", "near"], "--max-kl takes a number of at least 0, not 'near'"),
            (["tune", "--max-kl", "-1"], "--max-kl takes a number of at least 0, not '-1'"),
            (["tune", "--seconds", "0"], "--seconds takes a whole number from 1 to 86400, not '0'"),
            (["--log-level", "loud"], "--log-level takes debug, info, warning or error, not 'loud'"),
        ]
    )
    func wrong(arguments: [String], beginning: String) {
        do {
            _ = try Command(arguments: arguments, environment: [:])
            Issue.record("accepted")
        } catch {
            #expect("\(error)".hasPrefix(beginning))
            #expect(!"\(error)".contains("\n"))
        }
    }

    @Test(
        "a bind that is not loopback needs a key, however it is asked for",
        arguments: [
            ["--listen"], ["--host", "0.0.0.0"], ["--host", "192.0.2.1"], ["--host", "::"],
            ["--host", "127.evil.example"],
        ]
    )
    func open(arguments: [String]) throws {
        #expect(throws: UsageError.self) { try Command(arguments: arguments, environment: [:]) }
        _ = try Command(arguments: arguments + ["--api-key", "k"], environment: [:])
        _ = try Command(arguments: arguments + ["--insecure-listen"], environment: [:])
    }

    @Test("loopback needs no key", arguments: ["127.0.0.1", "127.8.8.8", "localhost", "::1"])
    func loopback(host: String) throws {
        _ = try Command(arguments: ["--host", host], environment: [:])
    }

    @Test("every command has a help that names all its options", arguments: ["serve", "chat", "models", "tune"])
    func help(command: String) throws {
        guard case .print(let text) = try Command(arguments: [command, "--help"], environment: [:]) else {
            Issue.record("no help")
            return
        }
        let options =
            switch command {
            case "serve": ServeOptions.all
            case "chat": ModelOptions.all
            case "tune": TuneOptions.all
            default: [ModelOptions.folder]
            }
        for option in options { #expect(text.contains(option.name)) }
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 120 })
    }
}
