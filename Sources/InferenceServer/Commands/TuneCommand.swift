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
        for file in try files(folder) {
            guard !file.path.hasSuffix(".tuned.gguf") else {
                throw TuningError("\(file.path) holds tuned weights already: tune the file that it was made from")
            }
            try tune(file, id: folder.id(of: file))
        }
    }

    /// The model that was named, or the default ones.
    private func files(_ folder: ModelFolder) throws -> [ModelFile] {
        guard let name = options.model else {
            let defaults = [folder.defaultModel(of: .chat), folder.defaultModel(of: .embedding)].compactMap(\.self)
            return try defaults.isEmpty ? [folder.chatModel(nil)] : defaults
        }
        return [try folder.model(name)]
    }

    private func tune(_ file: ModelFile, id: String) throws {
        let files = TuningFiles(model: file.path)
        if options.isOnce, let summary = knownSummary(file, files) {
            return Console.print("\(id) is tuned to this machine. \(summary)")
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
        func report(_ line: String) { Console.printError("tune \(id): \(line)") }
        switch file.kind {
        case .embedding:
            let tuner = try EmbeddingTuner(workspace: workspace, options: embeddingOptions(files), report: report)
            Console.print(try tuner.run().text)
            Console.print("Kept in \(files.record).")
        case .reranker:
            throw TuningError("\(file.path) holds a reranker, which makes no vectors: there is nothing to compare")
        case .speech:
            throw TuningError("\(file.path) holds a model that speaks: there is nothing to tune")
        case .chat, .projector, .unknown:
            let tuner = try Tuner(workspace: workspace, options: tunerOptions(files), report: report)
            Console.print(TuningTable.text(try tuner.run()))
            Console.print("Kept in \(files.record), with the plot \(files.plot).")
        }
    }

    /// What an earlier tuning chose, where it holds.
    private func knownSummary(_ file: ModelFile, _ files: TuningFiles) -> String? {
        if file.kind == .embedding {
            guard case .usable(let record) = KnownTuning<EmbeddingRecord>.find(files) else { return nil }
            return record.summary
        }
        guard case .usable(let record) = KnownTuning<TuningRecord>.find(files) else { return nil }
        return TuningTable.choice(record)
    }

    private func tunerOptions(_ files: TuningFiles) -> Tuner.Options {
        var tuning = Tuner.Options(threads: threads, room: room(files))
        tuning.objective.maxKL = options.maxKL
        tuning.formats = options.formats
        tuning.time = .seconds(options.seconds)
        return tuning
    }

    private func embeddingOptions(_ files: TuningFiles) -> EmbeddingTuner.Options {
        var tuning = EmbeddingTuner.Options(threads: threads, room: room(files))
        tuning.minCosine = options.minCosine
        tuning.formats = options.formats
        tuning.time = min(tuning.time, .seconds(options.seconds))
        return tuning
    }

    private var threads: Int {
        options.threads ?? min(LlamaRuntime.bestThreadCount, ProcessInfo.processInfo.activeProcessorCount)
    }

    private func room(_ files: TuningFiles) -> Candidates.Room {
        let system = try? FileManager.default.attributesOfFileSystem(forPath: files.folder)
        let free = (system?[.systemFreeSize] as? NSNumber)?.uint64Value ?? 0
        return Candidates.Room(
            memory: min(AvailableMemory.bytes(), options.maxMemory ?? .max),
            disk: min(free, options.maxDisk ?? .max)
        )
    }
}
