import Foundation
import Llama
import TestSupport
import Testing

@Suite("Model files")
struct ModelFileTests {
    @Test("a header tells what a model serves")
    func kinds() throws {
        let chat = try #require(ModelFile(path: InstalledModels.chat))
        #expect(chat.kind == .chat)
        #expect(chat.architecture == "llama")
        #expect(chat.id == "SmolLM2-135M-Instruct.Q4_1")
        #expect(try #require(ModelFile(path: InstalledModels.embedding)).kind == .embedding)
    }

    @Test(
        "what is no GGUF file is none, and loading it is an error",
        arguments: ["", "GGUF", "GGUF\u{3}\0\0\0", "hello, world"]
    )
    func damaged(contents: String) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "model-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "bad.gguf").path
        try Data(contents.utf8).write(to: URL(filePath: path))
        LlamaRuntime.start()
        #expect(ModelFile(path: path) == nil)
        #expect(ModelFile.all(in: folder.path).isEmpty)
        #expect(throws: LlamaError.self) { try LlamaModel(path: path) }
    }

    @Test("a truncated model is an error")
    func truncated() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "truncated-\(UUID()).gguf").path
        let whole = try FileHandle(forReadingFrom: URL(filePath: InstalledModels.chat))
        try #require(try whole.read(upToCount: 8 << 20)).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        LlamaRuntime.start()
        #expect(throws: LlamaError.self) { try LlamaModel(path: path) }
    }

    @Test("a folder that is not there has no models")
    func noFolder() { #expect(ModelFile.all(in: "/nowhere/at/all").isEmpty) }
}
