import CLlamaReference
import Foundation
import Llama
import RuntimeSupport
import Scheduling
import TestSupport
import Testing
import Tokenizer

/// Images in prompts, on tiny models with random weights.
@Suite("Vision", .serialized)
struct VisionTests {
    @Test(
        "greedy answers are those of llama.cpp's multimodal library",
        arguments: TinyMediaModel.seeing,
        ["waves.png", "waves.jpg", "progressive.jpg", "waves.gif", "waves.bmp"]
    )
    func reference(kind: TinyMediaModel, image: String) async throws {
        let projector = try kind.makeProjector()
        let prompt = try projector.prepare(TinyMediaModel.chat(try TinyMediaModel.image(image)))
        let answer = try await kind.freshAnswer(projector, TinyMediaModel.generation(prompt), isExact: false)
        var expected = [Int32](repeating: 0, count: 24)
        let text = "<|im_start|>user\n<__media__>what is it<|im_end|>\n<|im_start|>assistant\n"
        let count = reference_media_greedy(
            kind.path,
            kind.projectorPath,
            TinyMediaModel.imagePath(image),
            text,
            1,
            24,
            &expected
        )
        try #require(count > 0)
        #expect(answer == Array(expected.prefix(Int(count))))
    }

    /// What llama-mtmd-cli of the same sources printed: `--image IMAGE -p "what is it" --temp 0 -n 24 --jinja -t 1`.
    private struct Printed: Decodable {
        let model: String
        let image: String
        /// The bytes, in hexadecimal digits.
        let answer: String
    }

    @Test("greedy answers are those that llama.cpp's own tool has printed")
    func tool() async throws {
        let file = try Data(contentsOf: URL(filePath: TinyMediaModel.imagePath("mtmd-cli.json")))
        for printed in try JSONDecoder().decode([Printed].self, from: file) {
            let kind = try #require(TinyMediaModel(rawValue: printed.model))
            let projector = try kind.makeProjector()
            let prompt = try projector.prepare(TinyMediaModel.chat(try TinyMediaModel.image(printed.image)))
            let answer = try await kind.freshAnswer(projector, TinyMediaModel.generation(prompt), isExact: false)
            #expect(try kind.hex(answer) == printed.answer, "\(printed.model), \(printed.image)")
        }
    }

    @Test("an image has as many tokens and positions as its model gives it")
    func counts() throws {
        func media(_ kind: TinyMediaModel, _ image: String) throws -> [MediaItem] {
            let prompt = try kind.makeProjector().prepare([.image(try TinyMediaModel.image(image)), .text("x")])
            return prompt.items.compactMap { if case .media(let item) = $0 { item } else { nil } }
        }
        let slices = try media(.smolvlm, "waves.png")
        #expect(slices.map(\.tokenCount) == [4, 4, 4, 4, 4] && slices.map(\.positionCount) == [4, 4, 4, 4, 4])
        #expect(Set(slices.map(\.hash)).count == 5)
        let grid = try media(.qwen2vl, "waves.png")
        #expect(grid.map(\.tokenCount) == [96] && grid.map(\.positionCount) == [12])
        let whole = try media(.llama, "waves.png")
        #expect(whole.map(\.tokenCount) == [16] && whole.map(\.isWhole) == [true])
    }

    @Test("the same file has the same items, wherever it stands, and another has others")
    func hashes() throws {
        for kind in TinyMediaModel.seeing {
            let projector = try kind.makeProjector()
            let (image, other) = (try TinyMediaModel.image("waves.png"), try TinyMediaModel.image("waves.jpg"))
            let parts: [PromptPart] = [
                .text("a"), .image(image), .image(image), .text("b"), .image(other), .text("c"),
            ]
            let media = try projector.prepare(parts).items.compactMap { item in
                if case .media(let media) = item { media.hash } else { nil }
            }
            let count = media.count / 3
            #expect(media[0..<count] == media[count..<2 * count])
            #expect(Set(media[0..<count]).isDisjoint(with: media[(2 * count)...]))
        }
    }

    @Test("prepared images count for as long as they are held")
    func held() throws {
        let projector = try TinyMediaModel.qwen2vl.makeProjector()
        do {
            let prompt = try projector.prepare(TinyMediaModel.chat(try TinyMediaModel.image("waves.png")))
            #expect(projector.preparedTokens == 96)
            withExtendedLifetime(prompt) {}
        }
        #expect(projector.preparedTokens == 0)
    }

    @Test("beside others, in chunks and set back, an answer is what it is alone", arguments: TinyMediaModel.seeing)
    func company(kind: TinyMediaModel) async throws {
        let projector = try kind.makeProjector()
        var generations: [Generation] = []
        for (number, name) in ["waves.png", "waves.jpg", "waves.bmp", "waves.gif"].enumerated() {
            let parts = TinyMediaModel.chat(try TinyMediaModel.image(name), String("abcdefgh".dropFirst(number)))
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

    @Test(
        "an image is encoded once, and a conversation goes on behind it from memory",
        arguments: TinyMediaModel.seeing
    )
    func encodedOnce(kind: TinyMediaModel) async throws {
        let projector = try kind.makeProjector()
        let image = try TinyMediaModel.image("waves.png")
        let engine = try kind.makeEngine(projector, sequences: 2)
        func ask(_ parts: [PromptPart]) async throws -> (answer: [Token], usage: TokenUsage, encoded: UInt64) {
            let generation = TinyMediaModel.generation(try projector.prepare(parts), isDrawn: true)
            let (tokens, usage) = try await LoadedModel.answer(generation, engine)
            #expect(tokens == (try await kind.freshAnswer(projector, generation)))
            return (tokens, usage, engine.board.withLock { $0.metrics.encodedMedia.count })
        }
        let first = TinyMediaModel.chat(image)
        let one = try await ask(first)
        let slices = kind == .smolvlm ? 5 : 1
        #expect(one.encoded == slices)
        // The next turn: keys and values are there.
        let two = try await ask(first + [.text("ab<|im_end|>\n<|im_start|>user\nand now")])
        #expect(two.encoded == slices)
        #expect(two.usage.cached >= one.usage.prompt - 1)
        // Another conversation, in which it stands elsewhere: it is computed again, and not encoded.
        let three = try await ask([.text("something else"), .image(image), .text("what")])
        #expect(three.encoded == slices && three.usage.cached < 4)
        let other = try await ask([
            .text("something else"), .image(try TinyMediaModel.image("waves.jpg")), .text("what"),
        ])
        #expect(other.encoded == 2 * UInt64(slices))
        await engine.stop()
    }

    @Test(
        "an encoding in parts, with steps of others in between, gives the same vectors",
        arguments: TinyMediaModel.seeing
    )
    func parts(kind: TinyMediaModel) throws {
        let projector = try kind.makeProjector()
        let backend = try kind.makeBackend(projector, sequences: 2)
        let prompt = try projector.prepare([.image(try TinyMediaModel.image("waves.png")), .text("x")])
        let item = try #require(prompt.items.compactMap { if case .media(let item) = $0 { item } else { nil } }.first)
        var sampling = Sampling()
        sampling.temperature = 0
        sampling.logprobs = 5
        /// What is likely behind the image, encoded in parts of so long.
        func likely(after part: Duration, owner: Int) throws -> (parts: Int, tokens: TokenProbabilities?) {
            let key = EncodingKey(owner: Owner(rawValue: owner), hash: item.hash)
            let content = prompt.media[item.hash]
            let id = RequestID(rawValue: UInt64(owner))
            var parts = 1
            loop: while true {
                let step = EncodeStep(request: id, key: key, item: item, content: content, most: part)
                switch backend.run(BatchPlan(step: .encode(step))) {
                case .encoded: break loop
                case .encodedInPart: parts += 1
                case let outcome:
                    Issue.record("\(outcome)")
                    break loop
                }
                let other = TokenSlice(
                    request: id,
                    sequence: SequenceID(rawValue: 1),
                    tokens: [5, 6, 7],
                    position: 0,
                    samples: false
                )
                let plan = BatchPlan(operations: [.clear(SequenceID(rawValue: 1))], step: .tokens([other]))
                guard case .sampled = backend.run(plan) else { throw CancellationError() }
            }
            let sequence = SequenceID(rawValue: 0)
            let image = MediaSlice(
                request: id,
                sequence: sequence,
                key: key,
                item: item,
                content: content,
                tokens: 0..<item.tokenCount,
                position: 0
            )
            _ = backend.run(BatchPlan(operations: [.clear(sequence)], step: .media(image)))
            let token = TokenSlice(
                request: id,
                sequence: sequence,
                tokens: [5],
                position: item.positionCount,
                samples: true
            )
            let plan = BatchPlan(operations: [.startSampling(id, sampling)], step: .tokens([token]))
            guard case .sampled(let sampled, _) = backend.run(plan) else { throw CancellationError() }
            return (parts, sampled.first?.first?.probabilities)
        }
        let (whole, parts) = (try likely(after: .seconds(100), owner: 1), try likely(after: .nanoseconds(1), owner: 2))
        #expect(whole.parts == 1 && parts.parts > 2)
        #expect(whole.tokens != nil && whole.tokens == parts.tokens)
    }

    /// The encoding of an image, in parts of so long.
    private func encoding(_ projector: LlamaProjector, most: Duration = .seconds(3600)) throws -> EncodeStep {
        let prompt = try projector.prepare(TinyMediaModel.chat(try TinyMediaModel.image("waves.png")))
        let item = try #require(prompt.items.compactMap { if case .media(let item) = $0 { item } else { nil } }.first)
        return EncodeStep(
            request: RequestID(rawValue: 1),
            key: EncodingKey(owner: .anyone, hash: item.hash),
            item: item,
            content: prompt.media[item.hash],
            most: most
        )
    }

    @Test("an encoding of which a part is done ends with its backend, and where nothing is left to do")
    func givenUp() throws {
        let kind = TinyMediaModel.omni
        let projector = try kind.makeProjector()
        let step = try encoding(projector, most: .nanoseconds(1))
        for _ in 0..<2 {
            let backend = try kind.makeBackend(projector)
            for _ in 0..<2 {
                guard case .encodedInPart = backend.run(BatchPlan(step: .encode(step))) else {
                    Issue.record("it should not have been done so soon")
                    return
                }
                // From the beginning, next time.
                backend.rest()
            }
            _ = backend.run(BatchPlan(step: .encode(step)))
        }
    }

    @Test("an encoding that nobody waits for is cut off")
    func aborted() throws {
        let abort = AbortFlag()
        let kind = TinyMediaModel.qwen2vl
        let projector = try kind.makeProjector(abort: abort)
        let backend = try kind.makeBackend(projector)
        let step = try encoding(projector)
        abort.raise()
        guard case .aborted = backend.run(BatchPlan(step: .encode(step))) else {
            Issue.record("it should have been cut off")
            return
        }
        abort.lower()
        guard case .encoded = backend.run(BatchPlan(step: .encode(step))) else {
            Issue.record("it should have been encoded")
            return
        }
    }

    @Test("a projector of another width, no projector, and half of one are refused")
    func refusedProjectors() throws {
        let kind = TinyMediaModel.qwen2vl
        #expect(throws: LlamaError.self) {
            try LlamaProjector(path: kind.projectorPath, model: try LoadedModel.shared.get(), threads: 1)
        }
        #expect(throws: LlamaError.self) { try LlamaProjector(path: kind.path, model: try kind.model, threads: 1) }
        let folder = TemporaryFolder()
        let whole = [UInt8](try Data(contentsOf: URL(filePath: kind.projectorPath)))
        for part in [0, 100, 2_000, whole.count / 2, whole.count - 100] {
            try folder.write("mmproj.gguf", Array(whole.prefix(part)))
            #expect(throws: LlamaError.self) {
                try LlamaProjector(path: "\(folder.path)/mmproj.gguf", model: try kind.model, threads: 1)
            }
        }
    }

    @Test("what is no image, of another size than it says, or grows beyond it is refused")
    func refusedImages() throws {
        let png = [UInt8](try Data(contentsOf: URL(filePath: TinyMediaModel.imagePath("waves.png"))))
        #expect(throws: LlamaError.self) { try LlamaImage([], width: 1, height: 1) }
        #expect(throws: LlamaError.self) { try LlamaImage(Array(repeating: 65, count: 500), width: 10, height: 10) }
        #expect(throws: LlamaError.self) { try LlamaImage(png, width: 64, height: 96) }
        #expect(throws: LlamaError.self) { try LlamaImage(Array(png.prefix(png.count / 2)), width: 96, height: 64) }
        let webp = [UInt8](try Data(contentsOf: URL(filePath: TinyMediaModel.imagePath("waves.webp"))))
        #expect(throws: LlamaError.self) { try LlamaImage(webp, width: 96, height: 64) }
        // Zeroes without end, in stored and in compressed blocks: 80 MB of rows for an image of 96 x 64.
        let bomb = PNGFile(width: 96, height: 64, idat: PNGFile.zeroes(blocks: 80))
        let error = #expect(throws: LlamaError.self) { try LlamaImage(bomb.bytes, width: 96, height: 64) }
        #expect(error?.reason == "it holds more than its header says")
    }
}

/// A PNG file whose checksums are wrong, which llama.cpp's decoder does not look at.
private struct PNGFile {
    let bytes: [UInt8]

    init(width: UInt32, height: UInt32, idat: [UInt8]) {
        func number(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
        func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
            number(UInt32(data.count)) + Array(name.utf8) + data + [0, 0, 0, 0]
        }
        let header = number(width) + number(height) + [8, 2, 0, 0, 0]
        bytes =
            [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header) + chunk("IDAT", idat)
            + chunk("IEND", [])
    }

    /// A stream of deflate: blocks of about a megabyte of zeroes each, in a thousandth of that.
    static func zeroes(blocks: Int) -> [UInt8] {
        var bits = BitWriter(bytes: [0x78, 0x01])
        for block in 0..<blocks {
            // Fixed codes: a zero, and then copies of 258 bytes from one byte before.
            bits.write(block == blocks - 1 ? 1 : 0, 1)
            bits.write(1, 2)
            bits.writeCode(0x30, 8)
            for _ in 0..<4_000 {
                bits.writeCode(0xC5, 8)
                bits.writeCode(0, 5)
            }
            bits.writeCode(0, 7)
        }
        return bits.bytes + [0, 0, 0, 0, 0, 0, 0, 0]
    }

    private struct BitWriter {
        var bytes: [UInt8]
        private var used = 8

        init(bytes: [UInt8]) { self.bytes = bytes }

        mutating func write(_ value: Int, _ count: Int) {
            for place in 0..<count {
                if used == 8 {
                    bytes.append(0)
                    used = 0
                }
                bytes[bytes.count - 1] |= UInt8(value >> place & 1) << used
                used += 1
            }
        }

        /// The highest bit first, as codes are written.
        mutating func writeCode(_ code: Int, _ count: Int) {
            for place in (0..<count).reversed() { write(code >> place & 1, 1) }
        }
    }
}
