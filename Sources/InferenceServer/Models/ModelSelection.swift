import Llama
import RuntimeSupport

/// The models that are served: those named on the command line, and the folder's others.
struct ModelSelection {
    /// The default model first.
    private(set) var models: [ServableModel] = []
    /// Ids of models that are installed and can't be served; the log says why.
    private(set) var unusable: Set<String> = []

    /// Plans each model's load, as if it were alone; a draft model goes with the default one.
    ///
    /// - Throws: `ModelFolderError` where a model that was asked for, or the default one, can't be served.
    init(
        _ folder: ModelFolder,
        options: ModelOptions,
        draftModel: String? = nil,
        projector: ProjectorChoice = .beside,
        budget: MemoryBudget
    ) throws(ModelFolderError) {
        var named: [ModelFile] = []
        for name in options.models { named.append(try folder.model(name)) }
        let kinds: [ModelFile.Kind] = [.chat, .embedding, .reranker, .speech]
        let defaults = kinds.compactMap(folder.defaultModel)
        if named.isEmpty {
            if let file = defaults.first, file.kind != .speech {
                named.append(file)
            } else {
                named.append(try folder.chatModel(nil))
            }
        }
        var wanted = try projector.file(in: folder)
        let draft = try draftModel.map { name throws(ModelFolderError) in try folder.chatModel(name) }
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
            if isFirst { wanted = nil }
        }
        if let wanted {
            throw ModelFolderError("--mmproj \(wanted.path): no chat model was named that it could go with")
        }
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
                guard !unusable.contains(id) else { continue }
                unusable.insert(id)
                Log("memory").warning("not served: \(error.description)")
            }
        }
    }

    private func has(_ id: String) -> Bool { models.contains { $0.id == id } }

    /// Logs the budget, what each model takes of it, and what is left.
    func printPlan(_ budget: MemoryBudget, available: UInt64) {
        let log = Log("memory")
        log.info("budget \(budget.host.inMiB) of \(available.inMiB) that are available")
        if budget.host > available { log.warning("--memory-budget is more than is available") }
        for gpu in budget.gpus { log.info("budget \(gpu.budget.inMiB) on \(gpu.name)") }
        for model in models { log.info(model.summary) }
        let first = models[0].memory.host.total
        let all = models.reduce(0) { $0 + $1.memory.host.total }
        log.info("left beside \(models[0].id): \((budget.host - first).inMiB)")
        guard models.count > 1 else { return }
        log.info(
            all <= budget.host
                ? "left beside all \(models.count) models: \((budget.host - all).inMiB)"
                : "all \(models.count) models together need \(all.inMiB): idle ones are unloaded when others need the room"
        )
    }
}
