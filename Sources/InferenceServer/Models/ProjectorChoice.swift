import Llama
import RuntimeSupport

/// Which projectors of images and sound go with which chat models.
enum ProjectorChoice: Equatable {
    /// Those that lie beside them.
    case beside
    /// This file with the default chat model, and with the others those that lie beside them.
    case file(String)
    /// None: no model sees or hears.
    case none

    /// The file that was asked for.
    ///
    /// - Throws: `ModelFolderError` where there is none.
    func file(in folder: ModelFolder) throws(ModelFolderError) -> ModelFile? {
        guard case .file(let name) = self else { return nil }
        return try folder.projector(name)
    }

    /// What lies beside a chat model and fits it; one that does not is left out, and the log says so.
    func beside(_ file: ModelFile, _ folder: ModelFolder) -> ModelFile? {
        guard self != .none, file.kind == .chat, let projector = folder.projector(of: file) else { return nil }
        do throws(ModelFolderError) {
            try projector.check(for: file)
            return projector
        } catch {
            Log("model").warning("\(error.description): it is served without")
            return nil
        }
    }
}

extension ModelFile {
    /// Checks that a projector gives vectors of a model's width, as far as their headers say.
    ///
    /// - Throws: `ModelFolderError` that says both widths.
    func check(for model: ModelFile) throws(ModelFolderError) {
        guard let projectedWidth, let width = model.width, projectedWidth != width else { return }
        throw ModelFolderError(
            "\(path) gives vectors of \(projectedWidth) numbers, and those of \(model.path) have \(width): it belongs to another model"
        )
    }
}
