internal import CLlama
internal import Foundation

/// A model file in the models folder, known by its header alone.
package struct ModelFile: Sendable {
    /// What a model serves.
    package enum Kind: String, Sendable {
        case chat, embedding, reranker, speech, projector, unknown
    }

    /// The file's name without `.gguf`: what requests call the model.
    package let id: String
    package let path: String
    /// Of the file, in bytes.
    package let size: UInt64
    /// When the file was last changed, in seconds since 1970.
    package let modified: Int
    package let architecture: String
    package let kind: Kind

    /// Reads the header of one file, or nil where it is not a GGUF file.
    package init?(path: String) {
        // A link counts as the file that it leads to.
        let resolved = URL(filePath: path).resolvingSymlinksInPath().path
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: resolved),
            attributes[.type] as? FileAttributeType == .typeRegular,
            let architecture = Self.string("general.architecture", in: path)
        else { return nil }
        let name = URL(filePath: path).lastPathComponent
        id = name.hasSuffix(".gguf") ? String(name.dropLast(5)) : name
        self.path = path
        size = (attributes[.size] as? NSNumber)?.uint64Value ?? 0
        modified = Int((attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0)
        self.architecture = architecture
        kind = Self.kind(of: architecture, path)
    }

    /// Every GGUF file in a folder, by name; a file of tuned weights (`.tuned.gguf`) belongs to the one beside it.
    ///
    /// - Parameters:
    ///   - folder: Where they lie.
    ///   - unreadable: Is given the paths that are named like such files and are none.
    /// - Returns: The others.
    package static func all(in folder: String, unreadable: (String) -> Void = { _ in }) -> [Self] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".gguf") && !$0.hasSuffix(".tuned.gguf") }.sorted().compactMap { name in
            let path = "\(folder)/\(name)"
            guard let file = Self(path: path) else {
                unreadable(path)
                return nil
            }
            return file
        }
    }

    /// What the architecture is for, and what the file says of how vectors of tokens become one: `pooling_type`, 4 for a
    /// reranker's classifier.
    private static func kind(of architecture: String, _ path: String) -> Kind {
        var number: UInt32 = 0
        let isPooled = unsafe cl_gguf_number(path, "\(architecture).pooling_type", &number) == .CL_OK
        let pooling = isPooled ? LlamaModel.Pooling(cl_pooling(rawValue: number) ?? .CL_POOLING_NONE) : .none
        if pooling == .rank { return .reranker }
        if pooling != .none { return .embedding }
        return switch architecture {
        case "bert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2", "jina-bert-v3", "modern-bert", "neo-bert",
            "gemma-embedding", "t5encoder", "eurobert":
            .embedding
        case "clip": .projector
        case "qwen3tts", "pockettts": .speech
        case "whisper": .unknown
        default: string("tokenizer.ggml.model", in: path) == nil ? .unknown : .chat
        }
    }

    /// The text by which a reranker of the kind of language models is asked, with `{query}` and `{document}`; nil where
    /// the file has none.
    package static func rankTemplate(path: String) -> String? {
        string("tokenizer.chat_template.rerank", in: path, capacity: 1 << 16)
    }

    /// The width of the vectors that a projector gives, as its header says; nil where it does not.
    package var projectedWidth: Int? { number("clip.vision.projection_dim") ?? number("clip.audio.projection_dim") }

    /// Whether a projector takes images, as its header says.
    package var seesImages: Bool { flag("clip.has_vision_encoder") }

    /// Whether a projector takes sound, as its header says.
    package var hearsSound: Bool { flag("clip.has_audio_encoder") }

    /// The width of a language model's vectors, as its header says; nil where it does not.
    package var width: Int? { number("\(architecture).embedding_length") }

    private func number(_ key: String) -> Int? {
        var number: UInt32 = 0
        guard unsafe cl_gguf_number(path, key, &number) == .CL_OK, number > 0 else { return nil }
        return Int(number)
    }

    private func flag(_ key: String) -> Bool {
        var value = false
        return unsafe cl_gguf_flag(path, key, &value) == .CL_OK && value
    }

    private static func string(_ key: String, in path: String, capacity: Int = 256) -> String? {
        var value = [CChar](repeating: 0, count: capacity)
        guard unsafe cl_gguf_string(path, key, &value, value.count) == .CL_OK else { return nil }
        return String(decoding: value.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
