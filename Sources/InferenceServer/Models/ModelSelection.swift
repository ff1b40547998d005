import Llama
import RuntimeSupport

/// The models that are served: those named on the command line, and the folder's others.
struct ModelSelection {
    /// The default model first; of each kind, its default first.
    private(set) var models: [ServableModel] = []
    /// Those that transcribe, the default first.
    private(set) var transcribers: [TranscriptionFile] = []
    /// Ids of models that are installed and can't be served, and what they would do; the log says why.
    private(set) var unusable: [String: ModelTask] = [:]
    /// The id of the model that is loaded at start: the first that was named, or else the default one of those that answer
    /// in text or vectors.
    private(set) var first: String?

    /// Plans each model's load, as if it were alone; a draft model goes with the default one.
    ///
    /// - Throws: `ModelFolderError` where a model that was asked for, or the default one, can't be served, or there is no folder.
    init(
        _ folder: ModelFolder,
        options: ModelOptions,
        draftModel: String? = nil,
        projector: ProjectorChoice = .beside,
        transcriptionsAtOnce: Int,
        budget: MemoryBudget
    ) throws(ModelFolderError) {
        var named: [ModelFile] = []
        for name in options.models {
            if let path = folder.transcriptionPath(named: name) {
                let file = try folder.transcriptionFile(path, atOnce: transcriptionsAtOnce, budget: budget)
                if !transcribers.contains(where: { $0.id == file.id }) { transcribers.append(file) }
                first = first ?? file.id
            } else {
                named.append(try folder.model(name))
                first = first ?? named.last.map(folder.id)
            }
        }
        let kinds: [ModelFile.Kind] = [.chat, .embedding, .reranker, .speech]
        let defaults = kinds.compactMap(folder.defaultModel)
        if options.models.isEmpty {
            try folder.checkExists()
            if let file = defaults.first, file.kind != .speech {
                named.append(file)
                first = folder.id(of: file)
            }
        }
        try planNamed(named, folder, options, draftModel, projector, budget)
        for path in folder.unreadable { Log("memory").warning("not served: \(path) is no GGUF file, or a damaged one") }
        // The default of a kind before the others of it.
        for file in defaults + folder.files where file.kind.isServed && !has(folder.id(of: file)) {
            let id = folder.id(of: file)
            do {
                let beside = projector.beside(file, folder)
                models.append(
                    try ServableModel(
                        file,
                        id: id,
                        options: options,
                        budget: budget,
                        projector: beside,
                        codec: file.kind == .speech ? folder.codec(of: file) : nil
                    )
                )
            } catch {
                guard unusable[id] == nil else { continue }
                unusable[id] = ModelTask(file.kind)
                Log("memory").warning("not served: \(error.description)")
            }
        }
        let others = folder.transcriptionFiles(atOnce: transcriptionsAtOnce, budget: budget)
        for file in others.served where !transcribers.contains(where: { $0.id == file.id }) {
            transcribers.append(file)
        }
        let taken = Set(unusable.keys).union(models.map(\.id))
        transcribers.removeAll { taken.contains($0.id) }
        let known = taken.union(transcribers.map(\.id))
        for id in others.unusable where !known.contains(id) { unusable[id] = .transcription }
    }

    /// Plans those that were asked for; the first that chats has the draft model, and the projector that was named.
    private mutating func planNamed(
        _ named: [ModelFile],
        _ folder: ModelFolder,
        _ options: ModelOptions,
        _ draftModel: String?,
        _ projector: ProjectorChoice,
        _ budget: MemoryBudget
    ) throws(ModelFolderError) {
        var wanted = try projector.file(in: folder)
        var draft = try draftModel.map { name throws(ModelFolderError) in try folder.chatModel(name) }
        for file in named where !has(folder.id(of: file)) {
            let isFirst = file.kind == .chat && !models.contains { $0.kind == .chat }
            if isFirst, let wanted { try wanted.check(for: file) }
            models.append(
                try ServableModel(
                    file,
                    id: folder.id(of: file),
                    options: options,
                    budget: budget,
                    draft: isFirst ? draft : nil,
                    projector: isFirst ? wanted ?? projector.beside(file, folder) : projector.beside(file, folder),
                    codec: file.kind == .speech ? folder.codec(of: file) : nil
                )
            )
            if isFirst { (wanted, draft) = (nil, nil) }
        }
        if let wanted {
            throw ModelFolderError("--mmproj \(wanted.path): no chat model was named that it could go with")
        }
        if let draft {
            throw ModelFolderError("--draft-model \(draft.path): no chat model was named that it could go with")
        }
    }

    private func has(_ id: String) -> Bool { models.contains { $0.id == id } }

    /// Logs the budget, what each model takes of it, and what is left.
    func printPlan(_ budget: MemoryBudget, available: UInt64) {
        let log = Log("memory")
        log.info("budget \(budget.host.inMiB) of \(available.inMiB) that are available")
        if budget.host > available { log.warning("--memory-budget is more than is available") }
        for gpu in budget.gpus { log.info("budget \(gpu.budget.inMiB) on \(gpu.name)") }
        for line in models.map(\.summary) + transcribers.map(\.summary) { log.info(line) }
        let sizes = (models.map(\.memory) + transcribers.map(\.memory)).map(\.host.total)
        guard let first = sizes.first, let id = models.first?.id ?? transcribers.first?.id else { return }
        let all = sizes.reduce(0, +)
        log.info("left beside \(id): \((budget.host - first).inMiB)")
        guard sizes.count > 1 else { return }
        log.info(
            all <= budget.host
                ? "left beside all \(sizes.count) models: \((budget.host - all).inMiB)"
                : "all \(sizes.count) models together need \(all.inMiB): idle ones are unloaded when others need the room"
        )
    }
}
