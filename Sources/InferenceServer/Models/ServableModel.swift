import Llama
import RuntimeSupport
import Scheduling

/// A model that requests may ask for, loaded or not: its file, and what is known of it before it is loaded.
struct ServableModel: Sendable {
    /// What requests call it.
    let id: String
    let file: ModelFile
    let plan: LoadPlan
    /// Where its engines report; it outlives them.
    let board = EngineBoard(EngineReport())

    /// Plans how the model is loaded.
    ///
    /// - Throws: `ModelFolderError` that says why it can't be served.
    init(_ file: ModelFile, id: String, options: ModelOptions, budget: MemoryBudget) throws(ModelFolderError) {
        let variant = ModelVariant(of: file, options)
        do {
            plan = try LoadPlan(
                path: variant.path,
                options: variant.options,
                contextLength: options.contextSize,
                placement: options.gpuLayers,
                budget: budget
            )
        } catch let error as LoadPlanError {
            throw ModelFolderError("\(id) does not fit: \(error.description)")
        } catch {
            throw ModelFolderError("\(file.path) can't be loaded: \(error)")
        }
        guard plan.information.hasDecoder, plan.information.isCausal else {
            throw ModelFolderError("\(file.path) holds a model that cannot generate text")
        }
        self.id = id
        self.file = file
    }

    /// The line of the plan that is printed at start.
    var summary: String {
        let context = "\(plan.options.sequences) x \(plan.options.contextLength) tokens"
        let gpus = plan.memory.gpus.map { "; GPU: \(plan.gpuLayers) of \(plan.information.layers) layers, \($0)" }
        return "\(id): \(plan.memory.host), \(context)\(gpus.joined())"
    }
}
