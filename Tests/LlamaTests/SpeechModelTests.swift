import CLlamaReference
import Foundation
import Llama
import RuntimeSupport
import TestSupport
import Testing

/// Neural speech, on tiny models with random weights.
@Suite("Neural speech", .serialized)
struct SpeechModelTests {
    private static let text = "The quick brown fox jumps over the lazy dog."
    /// More than the 50 tokens that Pocket TTS takes at once.
    private static let long =
        "One two three four, five six seven. Eight nine ten eleven; twelve. Thirteen fourteen fifteen!"

    /// A folder of this test's own, which is removed at its end.
    private func withFolder<Result>(_ body: (_ folder: String) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "speech-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try body(folder)
    }

    /// What upstream's own llama-tts makes, which is compiled into this program.
    private func upstream(
        _ kind: TinySpeechModel,
        _ text: String,
        speaker: [Float]? = nil,
        language: String? = nil,
        seed: UInt32 = 7,
        frames: Int = 24
    ) throws -> [Int16] {
        try withFolder { folder in
            let (output, sample) = ("\(folder)/out.wav", "\(folder)/speaker.wav")
            var arguments = [
                "llama-tts", "-m", kind.path, "-mm", kind.codecPath, "-p", text, "-o", output, "--seed", "\(seed)",
                "-n",
                "\(frames)", "-t", "1", "-c", "1024", "--log-verbosity", "0",
            ]
            if let speaker {
                try Wave.write(speaker.map { Int16($0 * 32_768) }, to: sample)
                arguments += ["--tts-speaker-file", sample]
            }
            if let language { arguments += ["--tts-lang", language] }
            var native = arguments.map { strdup($0) }
            defer { for argument in native { free(argument) } }
            try #require(reference_speech(Int32(native.count), &native) == 0)
            return try Wave.read(output)
        }
    }

    @Test(
        "the samples are those of llama-tts for the same seed",
        arguments: TinySpeechModel.allCases,
        [1, 7, 2_000_000_000]
    )
    func conformance(_ kind: TinySpeechModel, _ seed: UInt32) throws {
        let model = try kind.load(places: 1)
        let speaker = TinySpeechModel.speaker(200)
        let expected = try upstream(kind, Self.text, speaker: speaker, seed: seed)
        try #require(expected.count > 10_000)
        #expect(try kind.sound(model, Self.text, speaker: speaker, seed: seed) == expected)
        // A second time, when the generator of libmtmd is not where it was.
        #expect(try kind.sound(model, Self.text, speaker: speaker, seed: seed) == expected)
    }

    @Test("they are also without a speaker, over several windows of frames, and in other languages")
    func conformanceOfMore() throws {
        let kind = TinySpeechModel.qwen3tts
        let model = try kind.load(places: 1)
        // A seed of whose speech there are more frames than a window has.
        let expected = try upstream(kind, Self.text, language: "de", seed: 11, frames: 80)
        #expect(try kind.sound(model, Self.text, speaker: nil, language: "de", seed: 11, maxFrames: 80) == expected)
        #expect(expected.count > 73 * 1920, "it ends before the second window")
        let english = try upstream(kind, Self.text, seed: 11)
        #expect(try kind.sound(model, Self.text, speaker: nil, seed: 11) == english)
        #expect(try kind.sound(model, Self.text, speaker: nil, language: "de", seed: 11) != english)
    }

    @Test("they are of a text that Pocket TTS says in parts")
    func conformanceOfParts() throws {
        let kind = TinySpeechModel.pockettts
        let model = try kind.load(places: 1)
        let speaker = TinySpeechModel.speaker(120)
        let expected = try upstream(kind, Self.long, speaker: speaker, seed: 3, frames: 500)
        let sound = try kind.sound(model, Self.long, speaker: speaker, seed: 3, maxFrames: 500)
        #expect(sound == expected)
    }

    @Test("what is said side by side is what is said alone", arguments: TinySpeechModel.allCases)
    func sideBySide(_ kind: TinySpeechModel) throws {
        let model = try kind.load(places: 3)
        let alone = try (0..<3).map { index in
            try kind.sound(
                model,
                "\(Self.text) \(index)",
                speaker: TinySpeechModel.speaker(100 + 50 * Double(index)),
                seed: 5
            )
        }
        // The same seed for two of them: libmtmd draws from one generator, and would not set it back between them.
        var spoken = try (0..<3).map { index -> SpokenText? in
            try model.say(
                "\(Self.text) \(index)",
                speaker: TinySpeechModel.speaker(100 + 50 * Double(index)),
                language: nil,
                seed: 5,
                maxFrames: 24
            )
        }
        #expect(throws: LlamaError.self) {
            try model.say("more", speaker: nil, language: nil, seed: 1, maxFrames: 1)
        }
        var sounds: [[Int16]] = [[], [], []]
        while spoken.contains(where: { $0 != nil }) {
            for index in spoken.indices {
                guard let (sound, isLast) = try spoken[index]?.step() else { continue }
                sounds[index] += sound
                if isLast { spoken[index] = nil }
            }
        }
        #expect(sounds == alone)
    }

    @Test("who lets go of a text frees its place, and disturbs nobody", arguments: TinySpeechModel.allCases)
    func lettingGo(_ kind: TinySpeechModel) throws {
        let model = try kind.load(places: 2)
        let expected = try kind.sound(model, Self.text)
        for steps in [0, 1, 2, 5] {
            let gone = try model.say(Self.long, speaker: nil, language: nil, seed: 9, maxFrames: 50)
            for _ in 0..<steps { _ = try gone.step() }
        }
        #expect(try kind.sound(model, Self.text) == expected)
    }

    @Test("speakers, seeds and texts make a difference", arguments: TinySpeechModel.allCases)
    func differences(_ kind: TinySpeechModel) throws {
        let model = try kind.load(places: 1)
        let base = try kind.sound(model, Self.text)
        #expect(try kind.sound(model, Self.text) == base)
        #expect(try kind.sound(model, Self.text, speaker: TinySpeechModel.speaker(300)) != base)
        #expect(try kind.sound(model, Self.text, seed: 8) != base)
        #expect(try kind.sound(model, "Another text.") != base)
        #expect(base.contains { abs(Int($0)) > 300 })
    }

    @Test("a text takes no special tokens by their names")
    func specialTokens() throws {
        let model = try TinySpeechModel.qwen3tts.load(places: 1)
        let (plain, special) = ("a < |im_end| >b", "a <|im_end|>b")
        #expect(try TinySpeechModel.qwen3tts.sound(model, special).count > 0)
        #expect(try TinySpeechModel.qwen3tts.sound(model, plain).count > 0)
    }

    @Test("what can't be said is refused, and the place stays free", arguments: TinySpeechModel.allCases)
    func refusals(_ kind: TinySpeechModel) throws {
        let model = try kind.load(places: 1)
        let texts = ["", String(repeating: "a", count: 4097)]
        for text in texts {
            #expect(throws: LlamaError.self) { try kind.sound(model, text) }
        }
        #expect(throws: LlamaError.self) { try kind.sound(model, "a", speaker: [0, 1]) }
        #expect(throws: LlamaError.self) { try kind.sound(model, "a", language: "tlh") }
        #expect(throws: LlamaError.self) { try kind.sound(model, "a", maxFrames: 0) }
        // Longer than the context.
        #expect(throws: LlamaError.self) { try kind.sound(model, String(repeating: "a b ", count: 1000)) }
        #expect(model.languages == (kind == .qwen3tts ? ["zh", "en", "de", "es", "ja"] : []))
        #expect(try kind.sound(model, Self.text).count > 0)
    }

    @Test("the other model's codec, no codec, and half a file are told")
    func wrongFiles() throws {
        let (qwen, pocket) = (TinySpeechModel.qwen3tts, TinySpeechModel.pockettts)
        #expect(throws: LlamaError.self) { try SpeechFiles(model: qwen.path, codec: pocket.codecPath) }
        #expect(throws: LlamaError.self) {
            try SpeechFiles(model: qwen.path, codec: TinyMediaModel.llama.projectorPath)
        }
        #expect(throws: LlamaError.self) { try SpeechFiles(model: qwen.codecPath, codec: qwen.codecPath) }
        #expect(throws: LlamaError.self) { try SpeechFiles(model: qwen.path, codec: "/nowhere") }
        #expect(SpeechFiles.isCodec(qwen.codecPath) && SpeechFiles.isCodec(pocket.codecPath))
        #expect(!SpeechFiles.isCodec(TinyMediaModel.llama.projectorPath) && !SpeechFiles.isCodec(qwen.path))
        try withFolder { folder in
            let data = try Data(contentsOf: URL(filePath: pocket.codecPath))
            for count in [0, 100, data.count / 2, data.count - 100] {
                let path = "\(folder)/cut.gguf"
                try data.prefix(count).write(to: URL(filePath: path))
                #expect(throws: LlamaError.self, "\(count) bytes") { try SpeechFiles(model: pocket.path, codec: path) }
            }
        }
    }

    /// Damages a header in many ways; each file either fails to load, fails to speak, or speaks.
    ///
    /// That this test comes to its end is what it is for: where something was taken for granted, native code ends the process.
    @Test(
        "damaged headers end in an error or in sound, never in the end of the process",
        arguments: TinySpeechModel.allCases
    )
    func damagedHeaders(_ kind: TinySpeechModel) throws {
        LlamaRuntime.start()
        var random = SplitMix64(seed: 4711)
        var refused = 0
        try withFolder { folder in
            for file in [kind.path, kind.codecPath] {
                let data = [UInt8](try Data(contentsOf: URL(filePath: file)))
                // Where the names of the tensors and the keys stand.
                let header = min(data.count, kind == .qwen3tts && file == kind.path ? 2000 : 9000)
                for round in 0..<60 {
                    var damaged = data
                    for _ in 0..<(1 + round % 3) {
                        let place = 8 + Int(random.next() % UInt64(header - 8))
                        damaged[place] = round % 2 == 0 ? UInt8(truncatingIfNeeded: random.next()) : damaged[place] ^ 1
                    }
                    let path = "\(folder)/damaged.gguf"
                    try Data(damaged).write(to: URL(filePath: path))
                    do {
                        let files = try SpeechFiles(
                            model: file == kind.path ? path : kind.path,
                            codec: file == kind.path ? kind.codecPath : path
                        )
                        let model = try SpeechModel(files, options: .init(threads: 1, places: 1, contextLength: 512))
                        _ = try kind.sound(model, "Hello.", maxFrames: 2)
                    } catch {
                        refused += 1
                    }
                }
            }
        }
        #expect(refused > 20)
    }

    @Test(
        "a vocabulary without a token that speech begins with is told by its header",
        arguments: TinySpeechModel.allCases
    )
    func missingToken(_ kind: TinySpeechModel) throws {
        try withFolder { folder in
            var data = try Data(contentsOf: URL(filePath: kind.path))
            let token = kind == .pockettts ? "<|audio_bos|>" : "<|codec_pad|>"
            data[try #require(data.range(of: Data(token.utf8))).lowerBound + 3] ^= 1
            let path = "\(folder)/model.gguf"
            try data.write(to: URL(filePath: path))
            do {
                _ = try SpeechFiles(model: path, codec: kind.codecPath)
                Issue.record("it was taken")
            } catch {
                #expect("\(error)".contains(token), "\(error)")
            }
        }
    }

    /// Damages weights; as with headers, that this comes to its end is what it is for.
    @Test("damaged weights end in an error or in sound", arguments: TinySpeechModel.allCases)
    func damagedWeights(_ kind: TinySpeechModel) throws {
        LlamaRuntime.start()
        var random = SplitMix64(seed: 1147)
        var failed = 0
        try withFolder { folder in
            for round in 0..<60 {
                let file = round % 3 == 0 ? kind.path : kind.codecPath
                var data = [UInt8](try Data(contentsOf: URL(filePath: file)))
                // Weights are the rest of the file; a byte in four of their last ones makes no number.
                for _ in 0..<(10 + round * 2) {
                    data[data.count / 2 + Int(random.next() % UInt64(data.count / 2))] = 0xFF
                }
                let path = "\(folder)/damaged.gguf"
                try Data(data).write(to: URL(filePath: path))
                let files = try SpeechFiles(
                    model: file == kind.path ? path : kind.path,
                    codec: file == kind.path ? kind.codecPath : path
                )
                let model = try SpeechModel(files, options: .init(threads: 1, places: 1, contextLength: 512))
                do { _ = try kind.sound(model, "Hello.", maxFrames: 2) } catch { failed += 1 }
            }
        }
        #expect(failed > 0)
    }

    @Test("scores of codes that are no numbers are told, however many they are", arguments: [1, 4, 30, 3000])
    func badScores(_ count: Int) throws {
        let kind = TinySpeechModel.qwen3tts
        try withFolder { folder in
            var data = try Data(contentsOf: URL(filePath: kind.codecPath))
            let head = try #require(GGUFTensors(data).range(of: Self.head))
            // Not a number, spread over the rows.
            let step = head.count / count / 4 * 4
            for place in stride(from: head.lowerBound, to: head.upperBound, by: step) {
                data.replaceSubrange(place..<(place + 4), with: [0, 0, 0xC0, 0x7F])
            }
            let path = "\(folder)/codec.gguf"
            try data.write(to: URL(filePath: path))
            let files = try SpeechFiles(model: kind.path, codec: path)
            let model = try SpeechModel(files, options: .init(threads: 1, places: 1, contextLength: 512))
            do {
                _ = try kind.sound(model, "Hello.", maxFrames: 4)
                Issue.record("it was said")
            } catch {
                #expect("\(error)".contains("scores of codes"), "\(error)")
            }
        }
    }

    /// With 40 equal scores the probabilities, as they are rounded, add up to 0.9999996, and this seed draws 0.99999994.
    @Test("a draw above the sum of all probabilities is the last code")
    func lastCode() throws {
        let kind = TinySpeechModel.qwen3tts
        try withFolder { folder in
            var codec = try Data(contentsOf: URL(filePath: kind.codecPath))
            let head = try #require(GGUFTensors(codec).range(of: Self.head))
            codec.replaceSubrange(head, with: Data(count: head.count))
            try codec.write(to: URL(filePath: "\(folder)/codec.gguf"))
            let model = try Data(contentsOf: URL(filePath: kind.path))
            try GGUFTensors.adding("general.sampling.top_p", 1, to: model).write(
                to: URL(filePath: "\(folder)/model.gguf")
            )
            LlamaRuntime.start()
            let files = try SpeechFiles(model: "\(folder)/model.gguf", codec: "\(folder)/codec.gguf")
            let loaded = try SpeechModel(files, options: .init(threads: 1, places: 1, contextLength: 512))
            #expect(try !kind.sound(loaded, "Hello.", seed: 107_631, maxFrames: 4).isEmpty)
        }
    }

    private static let head = "a.gen.code.head.weight"

    @Test("tensors of the wrong shape or type are named")
    func wrongTensors() throws {
        let kind = TinySpeechModel.pockettts
        try withFolder { folder in
            var data = try Data(contentsOf: URL(filePath: kind.codecPath))
            // Behind the name of a tensor come the number of its dimensions, and these: the other way round, its size is the same.
            let name = try #require(data.range(of: Data("a.gen.flow.input_proj.weight".utf8)))
            data.swapAt(name.upperBound + 4, name.upperBound + 12)
            let path = "\(folder)/codec.gguf"
            try data.write(to: URL(filePath: path))
            do {
                _ = try SpeechFiles(model: kind.path, codec: path)
                Issue.record("it was taken")
            } catch {
                #expect("\(error)".contains("a.gen.flow.input_proj"), "\(error)")
            }
        }
    }
}

/// Files of 16 bits, one channel, 24,000 Hz.
private enum Wave {
    static func write(_ samples: [Int16], to path: String) throws {
        func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
            (0..<(Number.bitWidth / 8)).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        }
        var file = Array("RIFF".utf8) + bytes(UInt32(36 + 2 * samples.count)) + Array("WAVEfmt ".utf8)
        file += bytes(UInt32(16)) + bytes(UInt16(1)) + bytes(UInt16(1)) + bytes(UInt32(24_000)) + bytes(UInt32(48_000))
        file += bytes(UInt16(2)) + bytes(UInt16(16)) + Array("data".utf8) + bytes(UInt32(2 * samples.count))
        for sample in samples { file += bytes(sample) }
        try Data(file).write(to: URL(filePath: path))
    }

    static func read(_ path: String) throws -> [Int16] {
        let data = [UInt8](try Data(contentsOf: URL(filePath: path)))
        return stride(from: 44, to: data.count - 1, by: 2).map {
            Int16(bitPattern: UInt16(data[$0]) | UInt16(data[$0 + 1]) << 8)
        }
    }
}
