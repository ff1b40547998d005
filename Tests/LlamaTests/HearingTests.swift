import CLlamaReference
import Foundation
import Llama
import RuntimeSupport
import Scheduling
import TestSupport
import Testing
import Tokenizer

/// Sound in prompts, on tiny models with random weights.
@Suite("Hearing", .serialized)
struct HearingTests {
    /// Two tones that rise, as 16-bit numbers.
    private static func chirp(seconds: Double) -> [Int16] {
        (0..<Int(seconds * 16_000)).map { index in
            let time = Double(index) / 16_000
            return Int16(9_000 * sin(2_000 * time + 300 * time * time) + 6_000 * sin(900 * time))
        }
    }

    private static func floats(_ samples: [Int16]) -> [Float] { samples.map { Float($0) / 32768 } }

    private static func media(_ prompt: MediaPrompt) -> [MediaItem] {
        prompt.items.compactMap { if case .media(let item) = $0 { item } else { nil } }
    }

    /// The answer of llama.cpp's multimodal library to a question behind the sound of a file.
    private static func reference(_ kind: TinyMediaModel, _ path: String) -> [Int32] {
        var expected = [Int32](repeating: 0, count: 24)
        let text = "<|im_start|>user\n<__media__>what is it<|im_end|>\n<|im_start|>assistant\n"
        let count = reference_media_greedy(kind.path, kind.projectorPath, path, text, 1, 24, &expected)
        return Array(expected.prefix(max(0, Int(count))))
    }

    private static func ours(_ kind: TinyMediaModel, _ samples: [Float]) async throws -> [Token] {
        let projector = try kind.makeProjector()
        let prompt = try projector.prepare(TinyMediaModel.chat(.sound(try LlamaSound(samples))))
        return try await kind.freshAnswer(projector, TinyMediaModel.generation(prompt), isExact: false)
    }

    @Test("greedy answers are those of llama.cpp's multimodal library", arguments: TinyMediaModel.hearing)
    func reference(kind: TinyMediaModel) async throws {
        let theirs = Self.reference(kind, TinyMediaModel.voicePath)
        try #require(!theirs.isEmpty)
        #expect(try await Self.ours(kind, try TinyMediaModel.voice.get()) == theirs)
    }

    /// What llama-mtmd-cli of the same sources printed: `--audio jfk.wav -p "what is it" --temp 0 -n 24 --jinja -t 1`.
    private struct Printed: Decodable {
        let model: String
        /// The bytes, in hexadecimal digits.
        let answer: String
    }

    @Test("greedy answers are those that llama.cpp's own tool has printed")
    func tool() async throws {
        let file = try Data(contentsOf: URL(filePath: TinyMediaModel.soundPath("mtmd-cli.json")))
        for printed in try JSONDecoder().decode([Printed].self, from: file) {
            let kind = try #require(TinyMediaModel(rawValue: printed.model))
            let answer = try await Self.ours(kind, try TinyMediaModel.voice.get())
            #expect(try kind.hex(answer) == printed.answer, "\(printed.model)")
        }
    }

    @Test(
        "so they are for short sounds and for those that are heard in pieces",
        arguments: [TinyMediaModel.ultravox, .qwen3a],
        [0.4, 8.1, 17.03, 35]
    )
    func lengths(kind: TinyMediaModel, seconds: Double) async throws {
        let (folder, samples) = (TemporaryFolder(), Self.chirp(seconds: seconds))
        try folder.write("chirp.wav", Self.wav(samples))
        let theirs = Self.reference(kind, "\(folder.path)/chirp.wav")
        try #require(!theirs.isEmpty)
        #expect(try await Self.ours(kind, Self.floats(samples)) == theirs)
    }

    private static func wav(_ samples: [Int16]) -> [UInt8] {
        func number(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        let data = samples.flatMap { number(Int($0), 2) }
        let format = number(1, 2) + number(1, 2) + number(16_000, 4) + number(32_000, 4) + number(2, 2) + number(16, 2)
        let head = Array("WAVEfmt ".utf8) + number(16, 4) + format + Array("data".utf8) + number(data.count, 4)
        return Array("RIFF".utf8) + number(head.count + data.count, 4) + head + data
    }

    @Test("a sound has as many tokens and positions as its model gives it, in pieces where it is long")
    func counts() throws {
        func counts(_ kind: TinyMediaModel, seconds: Double) throws -> [[Int]] {
            let sound = try LlamaSound(Self.floats(Self.chirp(seconds: seconds)))
            let items = Self.media(try kind.makeProjector().prepare([.sound(sound), .text("x")]))
            #expect(Set(items.map(\.hash)).count == items.count && !items.contains(where: \.isWhole))
            return items.map { [$0.tokenCount, $0.positionCount] }
        }
        #expect(try counts(.omni, seconds: 3) == [[750, 750]])
        #expect(try counts(.omni, seconds: 31) == [[750, 750], [750, 750]])
        #expect(try counts(.ultravox, seconds: 3) == [[187, 187]])
        #expect(try counts(.qwen3a, seconds: 2.5) == [[39, 39]])
        #expect(try counts(.qwen3a, seconds: 9.5) == [[104, 104], [26, 26]])
    }

    @Test("the same sound has the same items, wherever it stands, and another has others")
    func hashes() throws {
        for kind in TinyMediaModel.hearing {
            let samples = Self.floats(Self.chirp(seconds: 3))
            let (sound, other) = (try LlamaSound(samples), try LlamaSound(samples.map { $0 / 2 }))
            let parts: [PromptPart] = [
                .text("a"), .sound(sound), .sound(sound), .text("b"), .sound(other), .text("c"),
            ]
            let hashes = Self.media(try kind.makeProjector().prepare(parts)).map(\.hash)
            #expect(hashes.count == 3 && hashes[0] == hashes[1] && hashes[0] != hashes[2])
        }
    }

    @Test("beside others, in chunks and set back, an answer is what it is alone", arguments: TinyMediaModel.hearing)
    func company(kind: TinyMediaModel) async throws {
        let projector = try kind.makeProjector()
        let samples = Self.floats(Self.chirp(seconds: 3))
        var generations: [Generation] = []
        for number in 0..<3 {
            let sound = try LlamaSound(samples.map { $0 / Float(number + 1) })
            let parts = TinyMediaModel.chat(.sound(sound), String("abcdefgh".dropFirst(number)))
            generations.append(TinyMediaModel.generation(try projector.prepare(parts), maxTokens: 40, isDrawn: true))
        }
        // The cells are too few for all of them.
        let engine = try kind.makeEngine(projector, sequences: 4, stepTokens: 24, cacheTokens: 1024)
        let streams = try await engine.submit(generations.map(Work.generation))
        for (generation, stream) in zip(generations, streams) {
            let answer = try await LoadedModel.answer(stream).tokens
            #expect(answer == (try await kind.freshAnswer(projector, generation)))
        }
        await engine.stop()
    }

    @Test("one prompt may hold an image and a sound")
    func both() async throws {
        let kind = TinyMediaModel.omni
        let projector = try kind.makeProjector()
        #expect(projector.seesImages && projector.hearing?.sampleRate == 16_000)
        func answer(_ scale: Float, _ image: String) async throws -> [Token] {
            let sound = try LlamaSound(Self.floats(Self.chirp(seconds: 1)).map { $0 * scale })
            let parts: [PromptPart] = [
                .text("<|im_start|>user\n"), .image(try TinyMediaModel.image(image)), .text("and"), .sound(sound),
                .text("compare<|im_end|>\n<|im_start|>assistant\n"),
            ]
            let prompt = try projector.prepare(parts)
            return try await kind.freshAnswer(projector, TinyMediaModel.generation(prompt))
        }
        let one = try await answer(1, "waves.png")
        #expect(one == (try await answer(1, "waves.png")))
        #expect(one != (try await answer(0.1, "waves.png")))
        #expect(one != (try await answer(1, "waves.jpg")))
    }

    @Test("the shortest sound and what is no number are heard as silence, and too long a sound is refused")
    func edges() async throws {
        for kind in TinyMediaModel.hearing {
            let projector = try kind.makeProjector()
            let rate = try #require(projector.hearing).sampleRate
            let odd: [[Float]] = [
                [0.5], [.nan], [.infinity, -.infinity, 1e30],
                Self.floats(Self.chirp(seconds: 30)) + [1],
            ]
            for samples in odd {
                let prompt = try projector.prepare(TinyMediaModel.chat(.sound(try LlamaSound(samples))))
                #expect(Self.media(prompt).allSatisfy { $0.tokenCount > 0 })
            }
            let nothing = try LlamaSound([Float](repeating: .nan, count: rate))
            let silence = try LlamaSound([Float](repeating: 0, count: rate))
            #expect(
                Self.media(try projector.prepare([.sound(nothing), .text("x")]))
                    == Self.media(try projector.prepare([.sound(silence), .text("x")]))
            )
        }
        #expect(throws: LlamaError.self) { try LlamaSound([]) }
        let projector = try TinyMediaModel.qwen3a.makeProjector()
        let longest = try #require(projector.hearing).longest
        let long = try LlamaSound([Float](repeating: 0, count: Int(longest / .seconds(1)) * 16_000 + 1))
        #expect(throws: LlamaError.self) { try projector.prepare([.sound(long), .text("x")]) }
    }

    @Test("a projector takes nothing for which it has no encoder")
    func kinds() throws {
        let (eyes, ears) = (try TinyMediaModel.qwen2vl.makeProjector(), try TinyMediaModel.ultravox.makeProjector())
        #expect(eyes.hearing == nil && !ears.seesImages)
        let sound = try LlamaSound(Self.floats(Self.chirp(seconds: 1)))
        #expect(throws: LlamaError.self) { try eyes.prepare([.sound(sound), .text("x")]) }
        let image = try TinyMediaModel.image("waves.png")
        #expect(throws: LlamaError.self) { try ears.prepare([.image(image), .text("x")]) }
    }

    @Test("half a projector, and one whose encoder is not what it says, are refused")
    func refused() throws {
        let folder = TemporaryFolder()
        for kind in TinyMediaModel.hearing {
            let whole = [UInt8](try Data(contentsOf: URL(filePath: kind.projectorPath)))
            for part in [0, 100, 2_000, whole.count / 2, whole.count - 100] {
                try folder.write("mmproj.gguf", Array(whole.prefix(part)))
                #expect(throws: LlamaError.self) {
                    try LlamaProjector(path: "\(folder.path)/mmproj.gguf", model: try kind.model, threads: 1)
                }
            }
        }
        // Its name says another kind: it lacks that kind's tensors, or its positions.
        let file = [UInt8](try Data(contentsOf: URL(filePath: TinyMediaModel.ultravox.projectorPath)))
        let stacking = try #require(file.firstRange(of: Array("clip.audio.projector.stack_factor".utf8))).upperBound
        var stacked = file
        // Behind the type of the number. With 9 frames in a token, llama.cpp would count them in two ways, and assert.
        stacked[stacking + 4] = 9
        let others = ["meralion", "nonsense"].map { file.replacing(Array("ultravox".utf8), with: Array($0.utf8)) }
        for other in others + [stacked] {
            try folder.write("mmproj.gguf", other)
            #expect(throws: LlamaError.self) {
                try LlamaProjector(
                    path: "\(folder.path)/mmproj.gguf",
                    model: try TinyMediaModel.ultravox.model,
                    threads: 1
                )
            }
        }
    }
}
