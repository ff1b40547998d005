import Llama
import RuntimeSupport

/// Which model to load, and how: the options that `serve` and `chat` share.
struct ModelOptions {
    static let folder = CommandLineOption(
        "--models-dir",
        value: "DIR",
        help: "folder of the models (default: $INFERENCE_SERVER_MODELS, or models)"
    )
    static let model = CommandLineOption(
        "--model",
        "-m",
        value: "NAME|FILE",
        help:
            "a model of that folder, or a GGUF file (default: the folder's default);\nserve: repeatable, the first is the default, the others load when asked for;\na whisper model too"
    )
    static let contextSize = CommandLineOption(
        "--ctx-size",
        "-c",
        value: "N",
        help: "tokens of prompt and answer in one request\n(default: what the model and the memory allow)"
    )
    static let parallel = CommandLineOption(
        "--parallel",
        "-np",
        value: "N",
        help: "sequences that are computed at once (default: 8; chat: 1)"
    )
    static let threads = CommandLineOption(
        "--threads",
        "-t",
        value: "N",
        help: "threads that compute (default: the physical cores,\nfewer while other programs keep cores busy)"
    )
    static let memoryBudget = CommandLineOption(
        "--memory-budget",
        value: "SIZE",
        help: "memory for all models together, such as 8G, 6000M or 75%\n(default: 80% of what is available)"
    )
    static let gpuLayers = CommandLineOption(
        "--gpu-layers",
        "-ngl",
        value: "N|auto",
        help: "layers to place on a GPU (default: auto, as many as fit)"
    )
    static let blas = CommandLineOption(
        "--blas",
        help: "let OpenBLAS take the large products: faster for F32 weights,\nslower for quantized ones"
    )
    static let noTune = CommandLineOption(
        "--no-tune",
        help: "use the file as it is, whatever 'tune' found to be faster"
    )
    static let flashAttention = CommandLineOption(
        "--flash-attn",
        "-fa",
        value: "on|off|auto",
        help: "attention without the whole matrix of scores (default: what tuning\nfound, or auto)"
    )
    static let cacheTokens = CommandLineOption(
        "--cache-tokens",
        value: "N",
        help:
            "let all sequences share one KV cache of N tokens, fewer than they\ncould fill: when it is full, the newest request waits (default: its\nown cache for each sequence)"
    )
    static let cacheRAM = CommandLineOption(
        "--cache-ram",
        value: "SIZE",
        help:
            "memory for prefixes that no sequence holds any more, for each\nmodel, such as 512M; 0 for none (default: 1G, or half of what the budget leaves)"
    )
    static let deterministic = CommandLineOption(
        "--deterministic",
        help:
            "compute each request by itself, in chunks of one length: its answer\ndoes not depend on who else is there; slower with several at once"
    )
    static let logLevel = CommandLineOption(
        "--log-level",
        value: "LEVEL",
        help: "debug, info, warning or error (default: info; chat: error)"
    )

    static let all = [
        folder, model, contextSize, parallel, threads, memoryBudget, gpuLayers, blas, noTune, flashAttention,
        cacheTokens, cacheRAM, deterministic,
        logLevel,
    ]

    var folder: String
    /// The first one is the default; empty: the folder's.
    var models: [String]
    var contextSize: Int?
    var parallel: Int
    var threads: Int?
    var memoryBudget: MemorySize
    var gpuLayers: LayerPlacement
    var usesBLAS: Bool
    var usesTuning: Bool
    var isDeterministic: Bool
    /// Nil: what tuning found.
    var flashAttention: FlashAttention?
    /// Of the pool of all sequences; nil: a cache for each, or what tuning found.
    var cacheTokens: Int?
    /// Nil: what is sensible within the memory budget.
    var cacheRAM: MemorySize?
    var logLevel: LogLevel

    /// The options of `chat`.
    init(_ arguments: [String], environment: [String: String]) throws(UsageError) {
        let options = try ParsedOptions(arguments, options: Self.all, command: "chat")
        try self.init(options, environment: environment, defaultParallel: 1, defaultLogLevel: .error)
    }

    init(
        _ options: ParsedOptions,
        environment: [String: String],
        defaultParallel: Int,
        defaultLogLevel: LogLevel
    ) throws(UsageError) {
        folder = Self.folder(options, environment)
        models = options.strings(Self.model)
        contextSize = try options.integer(Self.contextSize, in: 16...16_777_216)
        parallel = try options.integer(Self.parallel, in: 1...256) ?? defaultParallel
        threads = try options.integer(Self.threads, in: 1...1024)
        memoryBudget = try Self.memoryBudget(options)
        gpuLayers = try Self.gpuLayers(options)
        usesBLAS = options.has(Self.blas)
        usesTuning = !options.has(Self.noTune)
        cacheRAM = try Self.cacheRAM(options)
        flashAttention = try Self.flashAttention(options)
        cacheTokens = try options.integer(Self.cacheTokens, in: 256...16_777_216)
        if cacheTokens != nil, options.has(Self.deterministic) {
            throw UsageError("--deterministic needs a cache for each sequence: leave out --cache-tokens")
        }
        isDeterministic = options.has(Self.deterministic)
        logLevel = try Self.logLevel(options) ?? defaultLogLevel
    }

    static func logLevel(_ options: ParsedOptions) throws(UsageError) -> LogLevel? {
        guard let name = options.string(logLevel) else { return nil }
        guard let level = LogLevel(name: name) else {
            throw UsageError("--log-level takes debug, info, warning or error, not '\(name)'")
        }
        return level
    }

    private static func memoryBudget(_ options: ParsedOptions) throws(UsageError) -> MemorySize {
        guard let text = options.string(memoryBudget) else { return .share(0.8) }
        guard let size = MemorySize(text) else {
            throw UsageError("--memory-budget takes a size such as 8G, 6000M or 75%, not '\(text)'")
        }
        return size
    }

    private static func flashAttention(_ options: ParsedOptions) throws(UsageError) -> FlashAttention? {
        guard let text = options.string(flashAttention) else { return nil }
        guard let flash = FlashAttention(rawValue: text) else {
            throw UsageError("--flash-attn takes on, off or auto, not '\(text)'")
        }
        return flash
    }

    private static func cacheRAM(_ options: ParsedOptions) throws(UsageError) -> MemorySize? {
        guard let text = options.string(cacheRAM) else { return nil }
        if text == "0" { return .bytes(0) }
        guard let size = MemorySize(text) else {
            throw UsageError("--cache-ram takes a size such as 512M, 2G or 5%, or 0 for none, not '\(text)'")
        }
        return size
    }

    private static func gpuLayers(_ options: ParsedOptions) throws(UsageError) -> LayerPlacement {
        guard let text = options.string(gpuLayers), text != "auto" else { return .automatic }
        guard let count = Int(text), (0...10_000).contains(count) else {
            throw UsageError("--gpu-layers takes a number of layers or auto, not '\(text)'")
        }
        return .layers(count)
    }

    static func folder(_ options: ParsedOptions, _ environment: [String: String]) -> String {
        options.string(folder) ?? environment["INFERENCE_SERVER_MODELS"] ?? "models"
    }
}
