import Foundation

/// What the command line asks for.
enum Command {
    /// Help, or a version.
    case print(String)
    case serve(ServeOptions)
    case chat(ModelOptions)
    case models(folder: String)
    case tune(TuneOptions)
    /// For the server alone.
    case render
    /// What `serve` starts to speak; for nobody else.
    case speechWorker

    /// Its name, which no help tells.
    static let speechWorkerName = "speech-worker"

    /// - Throws: `UsageError` with one clear line.
    init(arguments: [String], environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        var arguments = arguments
        var name = "serve"
        if let first = arguments.first, !first.hasPrefix("-") { name = arguments.removeFirst() }
        if name == Self.speechWorkerName, arguments.isEmpty {
            self = .speechWorker
            return
        }
        guard name != RenderCommand.name else {
            self = .render
            return
        }
        guard let help = Help.texts[name] else {
            throw UsageError("unknown command '\(name)'; the commands are serve, chat, models and tune")
        }
        let wanted = Set(arguments)
        if !wanted.isDisjoint(with: ["--help", "-h"]) {
            self = .print(help)
        } else if wanted.contains("--version") {
            self = .print("\(Version.name) \(Version.number)")
        } else {
            switch name {
            case "chat": self = .chat(try ModelOptions(arguments, environment: environment))
            case "models":
                let options = try ParsedOptions(arguments, options: [ModelOptions.folder], command: name)
                self = .models(folder: ModelOptions.folder(options, environment))
            case "tune": self = .tune(try TuneOptions(arguments, environment: environment))
            default: self = .serve(try ServeOptions(arguments, environment: environment))
            }
        }
    }
}
