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
        help: "a model of that folder, or a GGUF file (default: the folder's default)"
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
        help: "threads that compute (default: the physical cores)"
    )
    static let blas = CommandLineOption(
        "--blas",
        help: "let OpenBLAS take the large products: faster for F32 weights,\nslower for quantized ones"
    )
    static let noTune = CommandLineOption(
        "--no-tune",
        help: "use the file as it is, whatever 'tune' found to be faster"
    )
    static let logLevel = CommandLineOption(
        "--log-level",
        value: "LEVEL",
        help: "debug, info, warning or error (default: info; chat: error)"
    )

    static let all = [folder, model, contextSize, parallel, threads, blas, noTune, logLevel]

    var folder: String
    var model: String?
    var contextSize: Int?
    var parallel: Int
    var threads: Int?
    var usesBLAS: Bool
    var usesTuning: Bool
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
        model = options.string(Self.model)
        contextSize = try options.integer(Self.contextSize, in: 16...16_777_216)
        parallel = try options.integer(Self.parallel, in: 1...256) ?? defaultParallel
        threads = try options.integer(Self.threads, in: 1...1024)
        usesBLAS = options.has(Self.blas)
        usesTuning = !options.has(Self.noTune)
        logLevel = try Self.logLevel(options) ?? defaultLogLevel
    }

    static func logLevel(_ options: ParsedOptions) throws(UsageError) -> LogLevel? {
        guard let name = options.string(logLevel) else { return nil }
        guard let level = LogLevel(name: name) else {
            throw UsageError("--log-level takes debug, info, warning or error, not '\(name)'")
        }
        return level
    }

    static func folder(_ options: ParsedOptions, _ environment: [String: String]) -> String {
        options.string(folder) ?? environment["INFERENCE_SERVER_MODELS"] ?? "models"
    }
}
