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
        budget: MemoryBudget
    ) throws(ModelFolderError) {
        var named: [ModelFile] = []
        for name in options.models { named.append(try folder.chatModel(name)) }
        if named.isEmpty { named.append(try folder.chatModel(nil)) }
        let draft = try draftModel.map { name throws(ModelFolderError) in try folder.chatModel(name) }
        for file in named where !has(folder.id(of: file)) {
            models.append(
                try ServableModel(
                    file,
                    id: folder.id(of: file),
                    options: options,
                    budget: budget,
                    draft: models.isEmpty ? draft : nil
                )
            )
        }
        for file in folder.files where file.kind == .chat && !has(folder.id(of: file)) {
            let id = folder.id(of: file)
            do {
                models.append(try ServableModel(file, id: id, options: options, budget: budget))
            } catch {
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
