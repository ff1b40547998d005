import Llama
import RuntimeSupport
import Tuning

/// Which file serves a model, and with which settings: what tuning found, or the file as it is.
struct ServedWeights {
    let path: String
    let usesBLAS: Bool
    /// Nil without tuning.
    private let settings: Settings?

    /// The file as it is.
    static func untuned(_ file: ModelFile, _ options: ModelOptions) -> Self {
        Self(path: file.path, usesBLAS: options.usesBLAS, settings: nil)
    }

    /// Looks for a tuning of an embedding model, as `choose` does.
    static func chooseEmbedding(for file: ModelFile, id: String, options: ModelOptions) -> Self {
        let untuned = untuned(file, options)
        guard options.usesTuning, let record = find(EmbeddingRecord.self, for: file, id: id) else { return untuned }
        Log("model").info("\(id): tuned to this machine. \(record.summary)")
        guard record.weights != nil else { return untuned }
        return Self(path: TuningFiles(model: file.path).weights, usesBLAS: options.usesBLAS, settings: nil)
    }

    /// Looks for a tuning that holds for this machine and this file, and says in a log line what it found.
    ///
    /// What the command line asks for goes before what was measured.
    static func choose(for file: ModelFile, id: String, options: ModelOptions) -> Self {
        let untuned = untuned(file, options)
        guard options.usesTuning, let record = find(TuningRecord.self, for: file, id: id) else { return untuned }
        Log("model").info("\(id): tuned to this machine. \(TuningTable.choice(record))")
        var settings = record.choice.settings
        if let threads = options.threads {
            settings.threads = threads
            settings.batchThreads = threads
        }
        return Self(
            path: record.weights == nil ? file.path : TuningFiles(model: file.path).weights,
            usesBLAS: options.usesBLAS || settings.usesBLAS,
            settings: settings
        )
    }

    private static func find<Record: KeptTuning>(_ kind: Record.Type, for file: ModelFile, id: String) -> Record? {
        let log = Log("model")
        switch KnownTuning<Record>.find(TuningFiles(model: file.path)) {
        case .absent:
            log.info("\(id) is not tuned to this machine; '\(Version.name) tune \(id)' measures what is fastest here")
            return nil
        case .unusable(let reason):
            log.warning("\(id): its tuning is ignored: \(reason); run '\(Version.name) tune \(id)' again")
            return nil
        case .usable(let record): return record
        }
    }

    /// The options with the settings in them.
    func apply(to options: LlamaBackend.Options) -> LlamaBackend.Options {
        var options = options
        settings?.apply(to: &options)
        return options
    }
}
