import Foundation
import Llama
import TestSupport
import Testing

@Suite("Memory plans")
struct MemoryPlanTests {
    private let path = InstalledModels.chat
    private let generous = MemoryBudget(host: 1 << 40)

    private func options(length: Int, sequences: Int = 2) -> LlamaBackend.Options {
        LlamaBackend.Options(contextLength: length, sequences: sequences, threads: 1)
    }

    private func plan(
        contextLength: Int? = nil,
        sequences: Int = 2,
        placement: LayerPlacement = .automatic,
        host: UInt64
    ) throws -> LoadPlan {
        LlamaRuntime.start()
        return try LoadPlan(
            path: path,
            options: options(length: 0, sequences: sequences),
            contextLength: contextLength,
            placement: placement,
            budget: MemoryBudget(host: host)
        )
    }

    @Test("what is measured without loading is what the loaded model takes", arguments: [1, 3])
    func measured(sequences: Int) throws {
        let model = try LoadedModel.shared.get()
        let options = options(length: 512, sequences: sequences)
        let foretold = try ModelMeasure(path: path).memory(options)
        let taken = try LlamaBackend(model: model, options: options).memory()
        #expect(foretold.host.cache == taken.host.cache)
        #expect(foretold.host.compute == taken.host.compute)
        // Mapped weights begin at a page of the file, and are padded otherwise.
        #expect(abs(Double(foretold.host.weights) / Double(taken.host.weights) - 1) < 0.02)
        #expect(foretold.gpus.count == LlamaRuntime.gpus.count)
    }

    @Test("the KV cache of the default model has 23,040 bytes a token")
    func cache() throws {
        LlamaRuntime.start()
        let measure = try ModelMeasure(path: path)
        #expect(try measure.memory(options(length: 1024, sequences: 4)).host.cache == 4 * 1024 * 23_040)
        #expect(measure.information.trainingContext == 8192)
        #expect(measure.information.layers == 31)
        #expect(abs(Double(try measure.memory(options(length: 256)).host.weights) / 96_576_768 - 1) < 0.02)
    }

    @Test("a plan without a wish takes the training's context, or half of what the weights leave")
    func automaticContext() throws {
        let large = try plan(host: 8 << 30)
        #expect(large.options.contextLength == 8192)
        let small = try plan(host: 400 << 20)
        #expect(small.options.contextLength % 256 == 0)
        #expect((256..<8192).contains(small.options.contextLength))
        let left = (400 << 20) - small.memory.host.weights
        let grown = try plan(contextLength: small.options.contextLength + 256, host: 8 << 30)
        let least = try plan(contextLength: 256, host: 8 << 30)
        #expect(small.memory.host.cache <= left / 2)
        #expect(grown.memory.host.cache + (grown.memory.host.compute - least.memory.host.compute) > left / 2)
    }

    @Test(
        "what does not fit is refused before anything is loaded, and the error names the options",
        arguments: [
            (2048, 8, 300, "a smaller --ctx-size or --parallel"), (nil, 2, 100, "a larger --memory-budget"),
            (256, 1, 50, "use a smaller model, or a larger --memory-budget"),
        ] as [(Int?, Int, UInt64, String)]
    )
    func refused(length: Int?, sequences: Int, mebibytes: UInt64, words: String) {
        let error = #expect(throws: LoadPlanError.self) {
            try plan(contextLength: length, sequences: sequences, host: mebibytes << 20)
        }
        #expect(error?.description.contains(words) == true)
        #expect(error?.description.contains("\(mebibytes) MiB") == true)
    }

    @Test("layers on a GPU that is not there are refused", .enabled(if: LlamaRuntime.gpus.isEmpty))
    func noGPU() throws {
        let error = #expect(throws: LoadPlanError.self) { try plan(placement: .layers(5), host: 8 << 30) }
        #expect(error?.description.contains("--gpu-layers 5") == true)
        #expect(try plan(placement: .layers(0), host: 8 << 30).gpuLayers == 0)
        #expect(try plan(placement: .automatic, host: 8 << 30).gpuLayers == 0)
    }

    @Test("a file that is shorter than its header says is refused by its header alone")
    func truncated() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "truncated-\(UUID()).gguf").path
        let whole = try FileHandle(forReadingFrom: URL(filePath: InstalledModels.chat))
        try #require(try whole.read(upToCount: 8 << 20)).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        LlamaRuntime.start()
        #expect(throws: LlamaError.self) { try ModelMeasure(path: path) }
    }
}

@Suite("Budget arithmetic")
struct BudgetArithmeticTests {
    @Test(
        "the context is as long as training and the tightest memory allow",
        arguments: [
            (8192, [(1 << 34, 184_320)], 8192), (8192, [(1 << 30, 184_320)], 2816),
            (131_072, [(1 << 30, 184_320)], 2816),
            (8192, [(1 << 34, 1000), (1 << 30, 184_320)], 2816), (4096, [(0, 0)], 4096), (4096, [(1 << 30, 0)], 4096),
            (100, [(1 << 30, 1000)], 100), (4096, [(1 << 20, 1_048_576)], nil), (4096, [(0, 1)], nil),
        ] as [(Int, [(UInt64, Double)], Int?)]
    )
    func contextLength(trained: Int, memories: [(UInt64, Double)], expected: Int?) {
        let length = ContextBudget.contextLength(
            trainingContext: trained,
            memories: memories.map { ContextBudget.Memory(room: $0.0, bytesPerToken: $0.1) }
        )
        #expect(length == expected)
    }

    @Test("a budget holds what fits in every memory", arguments: [(10, 5, true), (11, 5, false), (10, 6, false)])
    func holds(host: UInt64, gpu: UInt64, expected: Bool) {
        let budget = MemoryBudget(host: 10, gpus: [MemoryBudget.GPU(name: "GPU", budget: 5)])
        let memory = ModelMemory(host: MemoryUse(weights: host), gpus: [MemoryUse(cache: gpu)])
        #expect(budget.holds(memory) == expected)
    }

    @Test("as many layers are placed as fit", arguments: 0...33)
    func layers(room: Int) {
        var asked = 0
        let placed = LayerPlacement.most(of: 31) { count in
            asked += 1
            return count <= room
        }
        #expect(placed == min(room, 31))
        #expect(asked <= 6)
    }

    @Test("without layers there is nothing to place")
    func noLayers() { #expect(LayerPlacement.most(of: 0) { _ in true } == 0) }

    @Test("some memory is available")
    func available() { #expect(AvailableMemory.bytes() > 0) }
}
