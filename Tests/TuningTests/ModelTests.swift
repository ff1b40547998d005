import Foundation
import Llama
import TestSupport
import Testing
import Tokenizer

@testable import Tuning

/// Conversion and distance on the installed model.
@Suite("Converted models", .serialized)
struct ModelTests {
    private let temporary = TemporaryFolder()
    private var folder: String { temporary.path }

    init() { LlamaRuntime.start() }

    @Test("the text to measure with has several chunks in it")
    func text() throws {
        let vocabulary = try Vocabulary(contentsOf: InstalledModels.chat)
        let tokens = try vocabulary.encode(ReferenceText.text, addSpecial: false, parseSpecial: false)
        #expect(tokens.count >= 8 * DistanceMeter.chunkLength)
        #expect(!tokens.contains { vocabulary.isControl($0) })
    }

    @Test("a file is at no distance from itself, and Q4_0 made from it is beyond the bound")
    func distance() throws {
        let original = try LlamaModel(path: InstalledModels.chat)
        #expect(original.format == .q4_1)
        let vocabulary = try original.makeVocabulary()
        let settings = Settings(threads: 2)
        let meter = try DistanceMeter(
            original: original,
            settings: settings,
            text: try vocabulary.encode(ReferenceText.text, addSpecial: false, parseSpecial: false),
            beginning: vocabulary.addsBeginningOfSequence ? vocabulary.beginningOfSequence : nil,
            vocabularySize: vocabulary.size
        ) { _ in 1 }
        #expect(meter.chunkCount == 1)
        let same = try meter.distance(of: original, settings: settings)
        #expect(same.meanKL == 0)
        #expect(same.perplexity == meter.perplexity)
        #expect((2..<60).contains(same.perplexity))

        // Each setting reaches the context: rounding moves the output by next to nothing, coarser keys by a little.
        var changed = settings
        changed.isUnified = true
        #expect(try meter.distance(of: original, settings: changed).meanKL < 1e-4)
        changed.flashAttention = .off
        let withoutFlash = try meter.distance(of: original, settings: changed)
        #expect(withoutFlash.meanKL > 0 && withoutFlash.meanKL < 0.01)
        changed.flashAttention = .on
        changed.keyType = .q4_0
        let coarse = try meter.distance(of: original, settings: changed)
        #expect(coarse.meanKL > withoutFlash.meanKL)

        let path = "\(folder)/Q4_0.gguf"
        try LlamaModel.convert(InstalledModels.chat, to: path, format: .q4_0, threads: 2)
        try LlamaModel.checkWhole(path)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["Q4_0.gguf"])
        let converted = try LlamaModel(path: path)
        #expect(converted.format == .q4_0)
        #expect(converted.information.parameters == original.information.parameters)
        let other = try meter.distance(of: converted, settings: settings)
        #expect(other.meanKL > 0.01)
    }

    @Test("a conversion that fails leaves nothing")
    func failed() throws {
        let damaged = "\(folder)/damaged.gguf"
        let whole = try FileHandle(forReadingFrom: URL(filePath: InstalledModels.chat))
        try #require(try whole.read(upToCount: 8 << 20)).write(to: URL(filePath: damaged))
        #expect(throws: LlamaError.self) { try LlamaModel.checkWhole(damaged) }
        #expect(throws: LlamaError.self) {
            try LlamaModel.convert(damaged, to: "\(folder)/out.gguf", format: .q8_0, threads: 2)
        }
        #expect(throws: LlamaError.self) {
            try LlamaModel.convert("/nowhere.gguf", to: "\(folder)/out.gguf", format: .q8_0, threads: 2)
        }
        #expect(throws: LlamaError.self) {
            try LlamaModel.convert(damaged, to: damaged, format: .q8_0, threads: 2)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["damaged.gguf"])
    }

    @Test("what does not fit is refused with the reason")
    func room() throws {
        let information = try LlamaModel(path: InstalledModels.chat).information
        let plenty = Candidates.Room(memory: 1 << 40, disk: 1 << 40)
        #expect(Candidates.refusal(of: .bf16, model: information, room: plenty) == nil)
        var small = plenty
        small.disk = 300 << 20
        #expect(Candidates.refusal(of: .bf16, model: information, room: small)?.contains("disk") == true)
        small = plenty
        small.memory = 300 << 20
        #expect(Candidates.refusal(of: .bf16, model: information, room: small)?.contains("memory") == true)
    }
}
