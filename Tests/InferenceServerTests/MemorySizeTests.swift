import Llama
import Testing

@testable import InferenceServer

@Suite("Sizes of memory")
struct MemorySizeTests {
    @Test(
        "a size has a unit, or is a share",
        arguments: [
            ("8G", .bytes(8 << 30)), ("6000M", .bytes(6000 << 20)), ("1.5GiB", .bytes(3 << 29)),
            ("2gb", .bytes(2 << 30)),
            ("512k", .bytes(512 << 10)), ("1T", .bytes(1 << 40)), ("1048576", .bytes(1 << 20)), ("7B", .bytes(7)),
            ("75%", .share(0.75)), ("100%", .share(1)), ("0.5%", .share(0.005)),
        ] as [(String, MemorySize)]
    )
    func sizes(text: String, size: MemorySize) { #expect(MemorySize(text) == size) }

    @Test(
        "anything else is none",
        arguments: [
            "", "G", "%", "0", "0%", "-1G", "101%", "8X", "8 G", "1e9", "8GG", "8iB", "1.2.3G", "٣G", "9999999T",
        ]
    )
    func noSizes(text: String) { #expect(MemorySize(text) == nil) }

    @Test("a share is of what is available")
    func share() {
        #expect(MemorySize.share(0.75).bytes(of: 1000) == 750)
        #expect(MemorySize.bytes(5).bytes(of: 1000) == 5)
    }

    @Test("the options of a command line")
    func options() throws {
        func model(_ arguments: String...) throws -> ModelOptions {
            try ModelOptions(arguments, environment: [:])
        }
        #expect(try model().memoryBudget == .share(0.8))
        #expect(try model("--memory-budget", "2G").memoryBudget == .bytes(2 << 30))
        #expect(try model().gpuLayers == .automatic)
        #expect(try model("--gpu-layers", "auto").gpuLayers == .automatic)
        #expect(try model("-ngl", "12").gpuLayers == .layers(12))
        #expect(try model("-m", "a", "--model=b").models == ["a", "b"])
        #expect(throws: UsageError.self) { try model("--memory-budget", "lots") }
        #expect(throws: UsageError.self) { try model("--gpu-layers", "-1") }
        #expect(throws: UsageError.self) { try model("--gpu-layers", "all") }
    }
}
