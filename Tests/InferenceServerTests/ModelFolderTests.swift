import Foundation
import Llama
import TestSupport
import Testing

@testable import InferenceServer

@Suite("The models folder")
struct ModelFolderTests {
    private let installed = ModelFolder(path: "\(InstalledModels.root)/models")

    @Test("the manifest names the default chat model")
    func standard() throws {
        #expect(installed.id(of: try installed.chatModel(nil)) == "SmolLM2-135M-Instruct")
    }

    @Test(
        "a model is found by its id, its file's name and its path",
        arguments: [
            "SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct.Q4_1", "SmolLM2-135M-Instruct.Q4_1.gguf",
            InstalledModels.chat,
        ]
    )
    func found(name: String) throws {
        #expect(try installed.chatModel(name).path.hasSuffix("SmolLM2-135M-Instruct.Q4_1.gguf"))
    }

    @Test("what can't be served as a chat model says why")
    func refused() {
        #expect(throws: ModelFolderError.self) { try installed.chatModel("no-such-model") }
        #expect(throws: ModelFolderError.self) { try installed.chatModel(InstalledModels.embedding) }
        #expect(throws: ModelFolderError.self) { try installed.chatModel("\(InstalledModels.root)/README.md") }
        #expect(throws: ModelFolderError.self) { try ModelFolder(path: "/nowhere").chatModel(nil) }
    }

    @Test(
        "a folder without a manifest, or with a broken one, serves files under their own names",
        arguments: [nil, "{", "[]", "{\"models\": 3}"]
    )
    func manifest(contents: String?) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "models-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createSymbolicLink(
            at: folder.appending(path: "link.gguf"),
            withDestinationURL: URL(filePath: InstalledModels.chat)
        )
        if let contents { try Data(contents.utf8).write(to: folder.appending(path: "manifest.json")) }
        let models = ModelFolder(path: folder.path)
        #expect(models.id(of: try models.chatModel(nil)) == "link")
    }

    @Test(
        "OpenAI's names of models that chat stand for the default model",
        arguments: [
            "gpt-4o", "gpt-4o-mini", "gpt-4o-2024-08-06", "gpt-3.5-turbo", "gpt-3.5-turbo-instruct", "gpt-4",
            "gpt-4-turbo",
            "gpt-4.1-nano", "gpt-5", "gpt-5-mini", "gpt-5.1", "o1", "o1-mini", "o3-mini", "o4-mini",
            "chatgpt-4o-latest",
            "text-davinci-003", "davinci-002", "gpt-4o-audio-preview-2024-12-17", "gpt-4o-mini-audio-preview",
            "gpt-audio",
            "gpt-audio-mini-2025-10-06",
        ]
    )
    func aliases(name: String) { #expect(ModelAliases.kind(name) == .chat) }

    @Test(
        "names of models that do something else do not",
        arguments: [
            "gpt-4o-realtime-preview", "gpt-4o-transcribe", "gpt-4o-mini-tts", "gpt-image-1",
            "tts-1",
            "whisper-1", "dall-e-3", "text-embedding-3-small", "gpt-oss-20b", "llama", "", "o", "o10", "gpt-40",
        ]
    )
    func noAliases(name: String) { #expect(ModelAliases.kind(name) != .chat) }
}
