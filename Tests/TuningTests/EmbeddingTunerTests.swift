import Foundation
import Llama
import TestSupport
import Testing

@testable import Tuning

/// The default embedding model, in other formats.
@Suite("Tuned embedding models", .serialized)
struct EmbeddingTunerTests {
    private let temporary = TemporaryFolder()
    private let files: TuningFiles

    init() throws {
        LlamaRuntime.start()
        let model = "\(temporary.path)/model.gguf"
        try FileManager.default.createSymbolicLink(atPath: model, withDestinationPath: InstalledModels.embedding)
        files = TuningFiles(model: model)
    }

    private func tune(
        _ format: WeightFormat,
        _ change: (inout EmbeddingTuner.Options) -> Void
    ) throws -> EmbeddingRecord {
        let workspace = try TuningWorkspace(files: files)
        defer { workspace.remove() }
        let room = Candidates.Room(memory: 1 << 40, disk: 1 << 40)
        var options = EmbeddingTuner.Options(threads: 1, room: room)
        options.formats = [format]
        options.time = .zero
        change(&options)
        return try EmbeddingTuner(workspace: workspace, options: options) { _ in }.run()
    }

    @Test("a faster format whose vectors keep to the bound is kept beside the model, and found again")
    func chosen() throws {
        // Whatever this machine makes of it: it counts as faster.
        let record = try tune(.bf16) { $0.minimumGain = 0 }
        #expect(record.formats.map(\.name) == ["F16", "BF16"])
        #expect(record.choice.name == "BF16")
        let cosine = try #require(record.choice.leastCosine)
        #expect(cosine >= 0.9999 && cosine < 1)
        guard case .usable(let found) = KnownTuning<EmbeddingRecord>.find(files) else {
            Issue.record("the tuning is not found")
            return
        }
        #expect(found == record)
        #expect(try LlamaModel(path: files.weights).format == .bf16)
        guard case .unusable = KnownTuning<TuningRecord>.find(files) else {
            Issue.record("it was taken for the tuning of a chat model")
            return
        }
    }

    @Test("a format that is no faster is not taken")
    func slow() throws {
        let record = try tune(.f32) { $0.minimumGain = .infinity }
        #expect(record.formats.last?.verdict == "no faster")
        #expect(try #require(record.formats.last?.leastCosine) > 0.999_999)
        #expect(record.weights == nil && record.choice.name == "F16")
        #expect(!FileManager.default.fileExists(atPath: files.weights))
        guard case .usable = KnownTuning<EmbeddingRecord>.find(files) else {
            Issue.record("that the file stays as it is was not kept")
            return
        }
    }

    @Test("a format whose vectors lie too far from the original's is refused unmeasured")
    func far() throws {
        let record = try tune(.q8_0) { $0.minimumGain = 0 }
        let row = try #require(record.formats.last)
        #expect(try #require(row.leastCosine) < 0.9999)
        #expect(row.verdict?.hasPrefix("refused: least cosine 0.99") == true && row.tokensPerSecond == nil)
        #expect(record.weights == nil)
    }

    @Test("a chat model has no vectors to compare")
    func chat() throws {
        let model = "\(temporary.path)/chat.gguf"
        try FileManager.default.createSymbolicLink(atPath: model, withDestinationPath: InstalledModels.chat)
        let workspace = try TuningWorkspace(files: TuningFiles(model: model))
        defer { workspace.remove() }
        let room = Candidates.Room(memory: 1 << 40, disk: 1 << 40)
        #expect(throws: TuningError.self) {
            try EmbeddingTuner(workspace: workspace, options: EmbeddingTuner.Options(threads: 1, room: room)) { _ in }
        }
    }
}
