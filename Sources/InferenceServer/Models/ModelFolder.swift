import Foundation
import Llama
import WireFormat

/// The folder of models: the GGUF files in it, and what its manifest says of them.
struct ModelFolder {
    let path: String
    let files: [ModelFile]
    /// Paths that are named like GGUF files and are none, or damaged ones.
    let unreadable: [String]
    /// The manifest's entries, by file name.
    private let manifest: [String: ManifestEntry]

    struct ManifestEntry: Equatable {
        let id: String
        let isDefault: Bool
    }

    /// Reads the headers of the folder's files; what is no model is left out.
    init(path: String) {
        self.path = path
        var unreadable: [String] = []
        files = ModelFile.all(in: path) { unreadable.append($0) }
        self.unreadable = unreadable
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

    /// The projector of images or sound that lies beside a chat model: `mmproj-NAME.gguf`, where the model is NAME.gguf, or both names
    /// are alike up to their weights' format, such as `-Q8_0`.
    func projector(of file: ModelFile) -> ModelFile? { beside(file) { !SpeechFiles.isCodec($0.path) } }

    /// The codec that lies beside a model that speaks, under the same names.
    func codec(of file: ModelFile) -> ModelFile? { beside(file) { SpeechFiles.isCodec($0.path) } }

    private func beside(_ file: ModelFile, _ fits: (ModelFile) -> Bool) -> ModelFile? {
        let folder = URL(filePath: file.path).deletingLastPathComponent().path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let projectors = names.sorted()
            .filter { $0.lowercased().hasPrefix(Self.projectorPrefix) && $0.hasSuffix(".gguf") }
            .compactMap { ModelFile(path: "\(folder)/\($0)") }
            .filter { $0.kind == .projector && fits($0) }
        func name(_ projector: ModelFile) -> String { projector.id.dropFirst(Self.projectorPrefix.count).lowercased() }
        let own = file.id.lowercased()
        return projectors.first { name($0) == own }
            ?? projectors.first { Self.withoutFormat(name($0)) == Self.withoutFormat(own) }
    }

    private static let projectorPrefix = "mmproj-"

    /// A name without the format of weights at its end: `-f16`, `.Q4_K_M`, `-UD-Q4_K_XL`.
    private static func withoutFormat(_ name: String) -> String {
        String(name.replacing(/[-._](ud[-._])?(f16|f32|bf16|i?q[0-9][0-9a-z_]*)$/, with: ""))
    }

    /// The projector of images or sound in a file.
    ///
    /// - Throws: `ModelFolderError` where there is none.
    func projector(_ name: String) throws(ModelFolderError) -> ModelFile {
        let candidates = [name, "\(path)/\(name)", "\(path)/\(name).gguf"]
        guard let found = candidates.first(where: FileManager.default.fileExists), let file = ModelFile(path: found)
        else { throw ModelFolderError("--mmproj \(name): there is no such file, or it is no GGUF file") }
        guard file.kind == .projector else {
            throw ModelFolderError("--mmproj \(found) holds a model of kind \(file.kind.rawValue), no projector")
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
        if let file = files.first(where: { isCalled($0, name) }) { return try check(file) }
        let candidates = [name, "\(path)/\(name)", "\(path)/\(name).gguf"]
        guard let found = candidates.first(where: FileManager.default.fileExists) else {
            throw ModelFolderError("there is no model '\(name)' in \(path), and no file of that name")
        }
        guard let file = ModelFile(path: found) else {
            throw ModelFolderError("\(found) is not a GGUF file, or a damaged one")
        }
        return try check(file)
    }

    /// Whether a name is a file's id, or its own name.
    func isCalled(_ file: ModelFile, _ name: String) -> Bool {
        id(of: file) == name || file.id == name || file.id + ".gguf" == name
    }

    /// Checks that the folder is there; it may be empty.
    ///
    /// - Throws: `ModelFolderError` that says what to do.
    func checkExists() throws(ModelFolderError) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
            throw ModelFolderError(
                "there is no folder of models at \(path): make it and put models there, or name another with --models-dir"
            )
        }
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

    /// What the manifest says of a file.
    func entry(_ path: String) -> (id: String, isDefault: Bool)? {
        manifest[URL(filePath: path).lastPathComponent].map { ($0.id, $0.isDefault) }
    }

    /// The name of the file that the manifest gives an id.
    func fileName(of id: String) -> String? { manifest.first { $0.value.id == id }?.key }

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
        case .chat, .embedding, .reranker, .speech: true
        case .projector, .unknown: false
        }
    }
}

/// Why no model could be chosen.
struct ModelFolderError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
