import Llama
import RuntimeSupport

/// The options of `tune`.
struct TuneOptions {
    static let formats = CommandLineOption(
        "--formats",
        value: "LIST",
        help: "formats to try, with commas between\n(default: those that make sense for the file)"
    )
    static let maxKL = CommandLineOption(
        "--max-kl",
        value: "X",
        help:
            "bound on the distance from the file's own output: mean\nKullback-Leibler divergence, in nats (default: 0.01)"
    )
    static let minCosine = CommandLineOption(
        "--min-cosine",
        value: "X",
        help: "of an embedding model, bound on the cosine between a\ntext's vector and the file's own (default: 0.9999)"
    )
    static let maxMemory = CommandLineOption(
        "--max-memory-mib",
        value: "N",
        help: "memory to use while measuring (default: what is free)"
    )
    static let maxDisk = CommandLineOption(
        "--max-disk-mib",
        value: "N",
        help: "disk to use (default: what is free)"
    )
    static let seconds = CommandLineOption(
        "--seconds",
        value: "N",
        help: "how long to measure; what is under way is ended (default: 150)"
    )
    static let once = CommandLineOption("--once", help: "do nothing where the model is tuned to this machine already")

    static let all = [
        ModelOptions.folder, formats, maxKL, minCosine, maxMemory, maxDisk, seconds, ModelOptions.threads, once,
        ModelOptions.logLevel,
    ]

    var model: String?
    var folder: String
    /// Nil for those that make sense.
    var formats: [WeightFormat]?
    var maxKL: Double
    var minCosine: Double
    /// In bytes.
    var maxMemory: UInt64?
    var maxDisk: UInt64?
    var seconds: Int
    var threads: Int?
    var isOnce: Bool
    var logLevel: LogLevel

    init(_ arguments: [String], environment: [String: String]) throws(UsageError) {
        let options = try ParsedOptions(arguments, options: Self.all, command: "tune", maxOperands: 1)
        model = options.operands.first
        folder = ModelOptions.folder(options, environment)
        formats = try options.string(Self.formats).map { list throws(UsageError) in try Self.parse(list) }
        maxKL = try options.number(Self.maxKL) ?? 0.01
        minCosine = try options.number(Self.minCosine) ?? 0.9999
        maxMemory = try options.integer(Self.maxMemory, in: 1...(1 << 40)).map { UInt64($0) << 20 }
        maxDisk = try options.integer(Self.maxDisk, in: 1...(1 << 40)).map { UInt64($0) << 20 }
        seconds = try options.integer(Self.seconds, in: 1...86_400) ?? 150
        threads = try options.integer(ModelOptions.threads, in: 1...1024)
        isOnce = options.has(Self.once)
        logLevel = try ModelOptions.logLevel(options) ?? .error
    }

    private static func parse(_ list: String) throws(UsageError) -> [WeightFormat] {
        var formats: [WeightFormat] = []
        for name in list.split(separator: ",").map(String.init) {
            guard let format = WeightFormat.allCases.first(where: { $0.rawValue == name.uppercased() }) else {
                let known = WeightFormat.allCases.map(\.rawValue).joined(separator: ", ")
                throw UsageError("\(Self.formats.name) takes \(known), with commas between, not '\(name)'")
            }
            if !formats.contains(format) { formats.append(format) }
        }
        return formats
    }
}
