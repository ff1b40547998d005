import Foundation
import Llama
import RuntimeSupport
import Tuning

/// `inference-server tune`: finds what makes a model fast on this machine, and keeps it beside the model.
struct TuneCommand {
    let options: TuneOptions

    /// Blocks the calling thread until all is measured; an interrupt ends the process and leaves nothing behind.
    ///
    /// - Throws: Why nothing could be measured or kept.
    func run() throws {
        Log.setLevel(options.logLevel)
        LlamaRuntime.start()
        let folder = ModelFolder(path: options.folder)
        let file = try folder.chatModel(options.model)
        guard !file.path.hasSuffix(".tuned.gguf") else {
            throw TuningError("\(file.path) holds tuned weights already: tune the file that it was made from")
        }
        let files = TuningFiles(model: file.path)
        let id = folder.id(of: file)
        if options.isOnce, case .usable(let record) = KnownTuning.find(files) {
            Console.print("\(id) is tuned to this machine. \(TuningTable.choice(record))")
            return
        }
        let workspace = try TuningWorkspace(files: files)
        let signals = Signals.handle([SIGINT, SIGTERM, SIGHUP]) { number in
            workspace.remove()
            _exit(128 + number)
        }
        defer {
            workspace.remove()
            withExtendedLifetime(signals) {}
        }
        let tuner = try Tuner(workspace: workspace, options: tunerOptions(files)) { line in
            Console.printError("tune \(id): \(line)")
        }
        let record = try tuner.run()
        Console.print(TuningTable.text(record))
        Console.print("Kept in \(files.record), with the plot \(files.plot).")
    }

    private func tunerOptions(_ files: TuningFiles) -> Tuner.Options {
        let cores = min(LlamaRuntime.bestThreadCount, ProcessInfo.processInfo.activeProcessorCount)
        let system = try? FileManager.default.attributesOfFileSystem(forPath: files.folder)
        let free = (system?[.systemFreeSize] as? NSNumber)?.uint64Value ?? 0
        var tuning = Tuner.Options(
            threads: options.threads ?? cores,
            room: Candidates.Room(
                memory: min(AvailableMemory.bytes(), options.maxMemory ?? .max),
                disk: min(free, options.maxDisk ?? .max)
            )
        )
        tuning.objective.maxKL = options.maxKL
        tuning.formats = options.formats
        tuning.time = .seconds(options.seconds)
        return tuning
    }
}
