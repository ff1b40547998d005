import CLlama
import Foundation
import TestSupport
import Testing
import Tokenizer

/// The vocabularies and templates that llama.cpp's source brings along.
enum Fixtures {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: ".native/src/llama.cpp/models", directoryHint: .isDirectory)

    static let vocabularies = names(in: folder, prefix: "ggml-vocab-", suffix: ".gguf")

    static let vocabulariesWithVectors = vocabularies.filter {
        FileManager.default.fileExists(atPath: folder.appending(path: "\($0).inp").path)
            && FileManager.default.fileExists(atPath: folder.appending(path: "\($0).out").path)
    }

    static let templates = names(in: folder.appending(path: "templates"), prefix: "", suffix: ".jinja")

    private static let cache = VocabularyCache()

    // llama.cpp's log would drown the tests' own.
    private static let quiet: Void = cl_runtime_start({ _, _, _ in }, nil, false)

    /// The vocabulary of this file, loaded once.
    static func vocabulary(_ name: String) throws -> Vocabulary {
        _ = quiet
        return try cache.vocabulary(folder.appending(path: name).path)
    }

    /// The source of a template file.
    static func template(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: "templates").appending(path: name), encoding: .utf8)
    }

    private static func names(in folder: URL, prefix: String, suffix: String) -> [String] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return all.filter { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }.sorted()
    }
}

/// Vocabularies that have been loaded.
// Safe to share: the dictionary is touched under the lock alone. (The thread sanitizer does not see through Mutex.)
private final class VocabularyCache: @unchecked Sendable {
    private let lock = NSLock()
    private var loaded: [String: Vocabulary] = [:]

    func vocabulary(_ path: String) throws -> Vocabulary {
        try lock.withLock {
            if let known = loaded[path] { return known }
            let vocabulary = try Vocabulary(contentsOf: path)
            loaded[path] = vocabulary
            return vocabulary
        }
    }
}

extension Collection {
    /// The collection in pieces of random lengths, some empty.
    func randomPieces(longest: Int, using generator: inout SplitMix64) -> [SubSequence] {
        var pieces: [SubSequence] = []
        var rest = self[...]
        while !rest.isEmpty {
            let count = Int.random(in: 0...longest, using: &generator)
            pieces.append(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        return pieces
    }
}

@Suite("Fixtures")
struct FixtureTests {
    @Test("llama.cpp's vocabularies, test vectors and templates are there")
    func present() {
        #expect(Fixtures.vocabularies.count >= 19, "run make deps")
        #expect(Fixtures.vocabulariesWithVectors.count >= 15, "run make deps")
        #expect(Fixtures.templates.count >= 69, "run make deps")
    }
}
