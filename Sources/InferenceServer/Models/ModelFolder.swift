import Foundation
import Llama
import WireFormat

/// The folder of models: the GGUF files in it, and what its manifest says of them.
struct ModelFolder {
    let path: String
    let files: [ModelFile]
    /// The manifest's entries, by file name.
    private let manifest: [String: ManifestEntry]

    struct ManifestEntry: Equatable {
        let id: String
        let isDefault: Bool
    }

    /// Reads the headers of the folder's files; what is no model is left out.
    init(path: String) {
        self.path = path
        files = ModelFile.all(in: path)
        manifest = Self.readManifest("\(path)/manifest.json")
    }

    /// What requests call the model of a file.
    func id(of file: ModelFile) -> String { entry(of: file)?.id ?? file.id }

    /// Whether the manifest makes it the default of its kind.
    func isDefault(_ file: ModelFile) -> Bool { entry(of: file)?.isDefault ?? false }

    /// The chat model to load: the one asked for by id, file name or path, or the default.
    ///
    /// - Throws: `ModelFolderError` that says what to do.
    func chatModel(_ name: String?) throws(ModelFolderError) -> ModelFile {
        guard let name else {
            if let file = defaultModel(of: .chat) { return file }
            throw ModelFolderError(
                "there is no chat model in \(path): run 'make models', or put a GGUF file there, or name one with --model"
            )
        }
        let file = try model(name)
        guard file.kind == .chat else {
            throw ModelFolderError("\(file.path) holds a model of kind \(file.kind.rawValue): it cannot generate text")
        }
        return file
    }

    /// The model that is served where a request names none: the manifest's default of a kind, or the first.
    func defaultModel(of kind: ModelFile.Kind) -> ModelFile? {
        let files = files.filter { $0.kind == kind }
        return files.first(where: isDefault) ?? files.first
    }

    /// The model of an id, a file name or a path.
    ///
    /// - Throws: `ModelFolderError` where there is none, or nothing that could be served.
    func model(_ name: String) throws(ModelFolderError) -> ModelFile {
        if let file = files.first(where: { id(of: $0) == name || $0.id == name || $0.id + ".gguf" == name }) {
            return try check(file)
        }
        let candidates = [name, "\(path)/\(name)", "\(path)/\(name).gguf"]
        guard let found = candidates.first(where: FileManager.default.fileExists) else {
            throw ModelFolderError("there is no model '\(name)' in \(path), and no file of that name")
        }
        guard let file = ModelFile(path: found) else {
            throw ModelFolderError("\(found) is not a GGUF file, or a damaged one")
        }
        return try check(file)
    }

    private func check(_ file: ModelFile) throws(ModelFolderError) -> ModelFile {
        guard file.kind.isServed else {
            throw ModelFolderError(
                "\(file.path) holds a model of kind \(file.kind.rawValue), which is not served by itself"
            )
        }
        return file
    }

    private func entry(of file: ModelFile) -> ManifestEntry? { manifest[URL(filePath: file.path).lastPathComponent] }

    /// A missing or broken manifest is no manifest: every file is served under its own name.
    private static func readManifest(_ path: String) -> [String: ManifestEntry] {
        guard let data = FileManager.default.contents(atPath: path),
            case .object(let root)? = try? JSONValue.parse([UInt8](data)),
            case .array(let models)? = root["models"]
        else { return [:] }
        var entries: [String: ManifestEntry] = [:]
        for case .object(let model) in models {
            guard case .string(let id)? = model["id"], case .string(let file)? = model["file"],
                case .string? = model["kind"]
            else { continue }
            entries[file] = ManifestEntry(id: id, isDefault: model["default"] == .bool(true))
        }
        return entries
    }
}

extension ModelFile.Kind {
    /// Whether a model of this kind can be asked for by its name.
    var isServed: Bool {
        switch self {
        case .chat, .embedding, .reranker: true
        case .projector, .unknown: false
        }
    }
}

/// Why no model could be chosen.
struct ModelFolderError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
