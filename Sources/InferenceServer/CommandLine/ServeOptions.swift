import Foundation
import HTTP
import RuntimeSupport

/// The options of `serve`.
struct ServeOptions {
    static let host = CommandLineOption("--host", value: "ADDRESS", help: "address to bind to (default: 127.0.0.1)")
    static let port = CommandLineOption(
        "--port",
        "--api-port",
        value: "N",
        help: "port to bind to; 0 picks a free one (default: 5000)"
    )
    static let listen = CommandLineOption("--listen", help: "serve the network: bind to 0.0.0.0; needs a key")
    static let insecureListen = CommandLineOption(
        "--insecure-listen",
        help: "serve the network without a key: everybody there may use the server"
    )
    static let allowHost = CommandLineOption(
        "--allow-host",
        value: "NAME",
        help: "a further name that clients may call this box by (repeatable)"
    )
    static let corsOrigin = CommandLineOption(
        "--cors-origin",
        value: "ORIGIN",
        help: "web pages of this origin may use the server; * for all (repeatable)"
    )
    static let apiKey = CommandLineOption(
        "--api-key",
        value: "KEY",
        help:
            "a key that clients must send (repeatable); other users of this box\nsee it in the process list: a file or the environment is better"
    )
    static let apiKeyFile = CommandLineOption(
        "--api-key-file",
        value: "FILE",
        help: "a file with a key on each line\n($INFERENCE_SERVER_API_KEY holds keys too, with commas between)"
    )
    static let certificate = CommandLineOption(
        "--ssl-certfile",
        value: "FILE",
        help: "PEM certificate chain: serve HTTPS"
    )
    static let certificateKey = CommandLineOption(
        "--ssl-keyfile",
        value: "FILE",
        help: "PEM private key of the certificate"
    )
    static let strictModels = CommandLineOption(
        "--strict-models",
        help: "refuse OpenAI's model names instead of serving the default model"
    )
    static let maxQueue = CommandLineOption(
        "--max-queue",
        value: "N",
        help: "requests that may wait before one more is refused (default: 256)"
    )
    static let maxBody = CommandLineOption(
        "--max-body-mib",
        value: "N",
        help: "largest request body, in MiB (default: 64)"
    )
    static let maxGap = CommandLineOption(
        "--max-gap-ms",
        value: "N",
        help: "longest gap that a long prompt may make in a running\nstream, in milliseconds (default: 100)"
    )
    static let speculation = CommandLineOption(
        "--draft-max",
        value: "N",
        help: "tokens guessed ahead from the text itself where that pays;\n0 for none (default: 8)"
    )
    static let draftModel = CommandLineOption(
        "--draft-model",
        "-md",
        value: "NAME|FILE",
        help:
            "a smaller model of the same vocabulary that guesses ahead for the\ndefault model where that pays (default: none)"
    )
    static let projector = CommandLineOption(
        "--mmproj",
        value: "FILE",
        help:
            "the projector with which the default chat model sees or hears;\nnone for no images and no sound (default: mmproj-NAME.gguf beside each\nmodel, NAME.gguf)"
    )
    static let storeFolder = CommandLineOption(
        "--kv-store",
        value: "DIR",
        help:
            "a folder where what was computed of prompts and answers outlives\na restart, unencrypted (default: nothing is kept)"
    )
    static let storeSize = CommandLineOption(
        "--kv-store-size",
        value: "SIZE",
        help: "what its files take together, such as 500M or 10G (default: 2G)"
    )
    static let maxResponses = CommandLineOption(
        "--max-responses",
        value: "N",
        help: "responses of /v1/responses that are remembered, the newest\nones; in memory alone (default: 1000)"
    )
    static let responsesSize = CommandLineOption(
        "--responses-size",
        value: "SIZE",
        help: "what they take together, such as 64M or 1G (default: 128M)"
    )
    static let embeddingOverflow = CommandLineOption(
        "--embedding-overflow",
        value: "refuse|window",
        help:
            "texts that are too long to be embedded: a 400 (default), or the\naverage over windows that overlap"
    )
    static let characters = CommandLineOption(
        "--characters",
        value: "DIR",
        help:
            "a folder of characters, YAML or JSON, that chats may name\n(default: characters, beside the models folder)"
    )
    static let instructionTemplates = CommandLineOption(
        "--instruction-templates",
        value: "DIR",
        help:
            "a folder of chat templates that chats may name (default:\ninstruction-templates, beside the models folder)"
    )
    static let voices = CommandLineOption(
        "--voices",
        value: "DIR",
        help: "a folder where custom voices are kept, unencrypted (default:\nvoices, beside the models folder)"
    )
    static let maxSpeechInput = CommandLineOption(
        "--max-speech-input",
        value: "N",
        help: "longest text that is spoken in one request, in characters\n(default: 4096)"
    )
    static let transcriptions = CommandLineOption(
        "--transcriptions",
        value: "N",
        help: "transcriptions that run at once, by turns; others wait (default: 2)"
    )
    static let transcriptionBeams = CommandLineOption(
        "--transcription-beams",
        value: "N",
        help: "beams that a transcription is searched with, up to 8; 1: greedy\n(default: 1)"
    )
    static let maxTranscription = CommandLineOption(
        "--max-transcription-minutes",
        value: "N",
        help: "longest sound that is transcribed, in minutes (default: 120)"
    )
    static let inlineTemplates = CommandLineOption(
        "--allow-inline-templates",
        help:
            "requests may bring templates of their own, each rendered in a\nprocess with bounds of time and memory (default: refused)"
    )
    static let showPrompts = CommandLineOption(
        "--slots-show-prompts",
        help:
            "GET /slots shows the prompts of running requests to those who\nsent them: to holders of the same key, or to all without keys"
    )
    static let api = CommandLineOption("--api", help: "accepted for text-generation-webui's sake; does nothing")
    static let publicAPI = CommandLineOption("--public-api", help: "refused: this server opens no tunnel")

    static let all =
        [
            host, port, listen, insecureListen, allowHost, corsOrigin, apiKey, apiKeyFile, certificate, certificateKey,
            strictModels, maxQueue, maxGap, maxBody, speculation, draftModel, projector, storeFolder, storeSize,
            maxResponses, responsesSize, embeddingOverflow, characters, instructionTemplates, inlineTemplates, voices,
            maxSpeechInput, transcriptions, transcriptionBeams, maxTranscription, showPrompts, api, publicAPI,
        ] + ModelOptions.all

    var model: ModelOptions
    var host: String
    var port: UInt16
    var allowedHosts: [String]
    var corsOrigins: [String]
    var apiKeys: [String]
    /// The contents of the PEM files.
    var tls: (certificate: String, key: String)?
    var acceptsAliases: Bool
    var maxQueue: Int
    var maxGap: Duration
    var maxDrafts: Int
    /// By its name, or its path; nil for none.
    var draftModel: String?
    var projector: ProjectorChoice
    var maxBody: Int
    /// Nil where nothing outlives the process.
    var storeFolder: String?
    /// In bytes.
    var storeSize: UInt64
    var responses: ResponseStore.Limits
    var embeddingOverflow: EmbeddingOverflow
    var library: WebUILibrary
    var allowsInlineTemplates: Bool
    /// Of custom voices.
    var voiceFolder: String
    /// In characters.
    var maxSpeechInput: Int
    var transcription: TranscriptionSettings
    var showsPrompts: Bool

    init(_ arguments: [String], environment: [String: String]) throws(UsageError) {
        let options = try ParsedOptions(arguments, options: Self.all, command: "serve")
        if options.has(Self.publicAPI) {
            throw UsageError(
                "--public-api is not supported, since nothing leaves this box; use --listen with --api-key to serve your network"
            )
        }
        model = try ModelOptions(options, environment: environment, defaultParallel: 8, defaultLogLevel: .info)
        host = options.string(Self.host) ?? (options.has(Self.listen) ? "0.0.0.0" : "127.0.0.1")
        port = UInt16(try options.integer(Self.port, in: 0...65535) ?? 5000)
        allowedHosts = options.strings(Self.allowHost)
        corsOrigins = options.strings(Self.corsOrigin)
        apiKeys = try Self.keys(options, environment)
        tls = try Self.tls(options)
        acceptsAliases = !options.has(Self.strictModels)
        maxQueue = try options.integer(Self.maxQueue, in: 1...100_000) ?? 256
        maxGap = .milliseconds(try options.integer(Self.maxGap, in: 1...60_000) ?? 100)
        maxDrafts = try options.integer(Self.speculation, in: 0...64) ?? 8
        draftModel = try Self.draftModel(options, maxDrafts: maxDrafts, isDeterministic: model.isDeterministic)
        projector = options.string(Self.projector).map { $0 == "none" ? .none : .file($0) } ?? .beside
        maxBody = (try options.integer(Self.maxBody, in: 1...4096) ?? 64) << 20
        storeFolder = options.string(Self.storeFolder)
        storeSize = try Self.storeSize(options)
        responses = ResponseStore.Limits(
            count: try options.integer(Self.maxResponses, in: 0...1_000_000) ?? 1_000,
            bytes: try Self.responsesSize(options)
        )
        embeddingOverflow = try Self.embeddingOverflow(options)
        let beside = URL(filePath: model.folder).deletingLastPathComponent()
        library = WebUILibrary(
            characters: options.string(Self.characters) ?? beside.appending(path: "characters").path,
            templates: options.string(Self.instructionTemplates) ?? beside.appending(path: "instruction-templates").path
        )
        allowsInlineTemplates = options.has(Self.inlineTemplates)
        voiceFolder = options.string(Self.voices) ?? beside.appending(path: "voices").path
        maxSpeechInput = try options.integer(Self.maxSpeechInput, in: 1...1_000_000) ?? 4096
        transcription = TranscriptionSettings(
            atOnce: try options.integer(Self.transcriptions, in: 1...64) ?? 2,
            maxWaiting: maxQueue,
            longest: .seconds(60 * (try options.integer(Self.maxTranscription, in: 1...1440) ?? 120)),
            beams: try options.integer(Self.transcriptionBeams, in: 1...8) ?? 1
        )
        showsPrompts = options.has(Self.showPrompts)
        if !isLoopback, apiKeys.isEmpty, !options.has(Self.insecureListen) {
            throw UsageError(
                "binding to \(host) lets everybody on the network use this server: give --api-key, or --insecure-listen if that is meant"
            )
        }
    }

    /// Whether only programs on this box can connect.
    var isLoopback: Bool {
        let name = host.lowercased()
        return name == "localhost" || name == "::1" || name == "[::1]" || isIPv4Loopback(name)
    }

    private func isIPv4Loopback(_ name: String) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    private static func keys(_ options: ParsedOptions, _ environment: [String: String]) throws(UsageError) -> [String] {
        var keys = options.strings(apiKey)
        for path in options.strings(apiKeyFile) {
            let found = try read(path, for: apiKeyFile).split(whereSeparator: \.isNewline)
                .map { $0.trimmingCharacters(in: .whitespaces) }
                .filter { !$0.isEmpty }
            if found.isEmpty { throw UsageError("--api-key-file: \(path) holds no key") }
            keys += found
        }
        keys += (environment["INFERENCE_SERVER_API_KEY"] ?? "").split(separator: ",")
            .map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }
        // Never quoted: errors end up in logs.
        guard keys.allSatisfy({ $0.utf8.count <= APIKeys.longest }) else {
            throw UsageError("an API key is longer than \(APIKeys.longest) bytes")
        }
        return keys
    }

    private static func draftModel(
        _ options: ParsedOptions,
        maxDrafts: Int,
        isDeterministic: Bool
    ) throws(UsageError) -> String? {
        guard let name = options.string(draftModel) else { return nil }
        if maxDrafts == 0 { throw UsageError("--draft-model is of no use with --draft-max 0: leave one of them out") }
        if isDeterministic {
            throw UsageError("--deterministic computes without guesses: leave out --draft-model")
        }
        return name
    }

    private static func storeSize(_ options: ParsedOptions) throws(UsageError) -> UInt64 {
        guard let text = options.string(storeSize) else { return 2 << 30 }
        guard options.has(storeFolder) else { throw UsageError("--kv-store-size is of use with --kv-store only") }
        guard case .bytes(let size)? = MemorySize(text) else {
            throw UsageError("--kv-store-size takes a size such as 500M or 10G, not '\(text)'")
        }
        return size
    }

    private static func responsesSize(_ options: ParsedOptions) throws(UsageError) -> Int {
        guard let text = options.string(responsesSize) else { return 128 << 20 }
        guard case .bytes(let size)? = MemorySize(text) else {
            throw UsageError("--responses-size takes a size such as 64M or 1G, not '\(text)'")
        }
        return Int(clamping: size)
    }

    private static func embeddingOverflow(_ options: ParsedOptions) throws(UsageError) -> EmbeddingOverflow {
        guard let text = options.string(embeddingOverflow) else { return .refuse }
        guard let overflow = EmbeddingOverflow(rawValue: text) else {
            throw UsageError("--embedding-overflow takes refuse or window, not '\(text)'")
        }
        return overflow
    }

    private static func tls(_ options: ParsedOptions) throws(UsageError) -> (certificate: String, key: String)? {
        switch (options.string(certificate), options.string(certificateKey)) {
        case (nil, nil): return nil
        case (let chain?, let key?):
            return (try read(chain, for: certificate), try read(key, for: certificateKey))
        default: throw UsageError("--ssl-certfile and --ssl-keyfile go together: one is missing")
        }
    }

    private static func read(_ path: String, for option: CommandLineOption) throws(UsageError) -> String {
        // Read as a stream: it may be a pipe.
        guard let file = FileHandle(forReadingAtPath: path), let data = try? file.readToEnd() ?? Data(),
            let text = String(data: data, encoding: .utf8)
        else {
            throw UsageError("\(option.name): cannot read the file \(path)")
        }
        return text
    }
}
