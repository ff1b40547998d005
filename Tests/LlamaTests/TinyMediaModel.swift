import Foundation
import Llama
import RuntimeSupport
import Scheduling
import TestSupport
import Testing
import Tokenizer

/// The tiny models that see images or hear sound, of Scripts/make-tiny-models.py.
enum TinyMediaModel: String, CaseIterable, CustomTestStringConvertible {
    /// An image is cut into slices of one size, with text tokens between them (Idefics 3).
    case smolvlm
    /// An image is one piece of as many tokens as it has squares, and of fewer positions (Qwen2-VL, M-RoPE).
    case qwen2vl
    /// An image is one piece of 16 tokens, which are attended to as a whole (Gemma 3).
    case llama
    /// It sees as qwen2vl does; a sound is a piece of 750 tokens for each half minute (Qwen2-Audio, M-RoPE).
    case omni
    /// A sound is a piece of 187 tokens for each half minute (Ultravox).
    case ultravox
    /// A sound has 13 tokens for each second, in pieces of 8 seconds (Qwen3-ASR).
    case qwen3a

    static let seeing: [Self] = [.smolvlm, .qwen2vl, .llama, .omni]
    static let hearing: [Self] = [.omni, .ultravox, .qwen3a]

    var testDescription: String { rawValue }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().path

    /// The language model: projectors of sound alone go with another's.
    private var text: Self { self == .ultravox || self == .qwen3a ? .smolvlm : self }

    var path: String { "\(Self.folder)/Models/tiny-\(text.rawValue).gguf" }
    var projectorPath: String { "\(Self.folder)/Models/mmproj-tiny-\(rawValue).gguf" }

    static func imagePath(_ name: String) -> String { "\(folder)/Images/\(name)" }
    static func soundPath(_ name: String) -> String { "\(folder)/Sounds/\(name)" }

    /// The pictures: 96 x 64 pixels, but the BMP, which has 24 x 16.
    static func image(_ name: String) throws -> LlamaImage {
        let file = [UInt8](try Data(contentsOf: URL(filePath: imagePath(name))))
        let (width, height) = name.hasSuffix(".bmp") ? (24, 16) : (96, 64)
        return try LlamaImage(file, width: width, height: height)
    }

    private static let loaded: [Self: Result<LlamaModel, LlamaError>] = {
        LlamaRuntime.start()
        return Dictionary(
            uniqueKeysWithValues: allCases.map { model in
                (model, Result { () throws(LlamaError) in try LlamaModel(path: model.path) })
            }
        )
    }()

    var model: LlamaModel {
        get throws {
            guard let result = Self.loaded[self] else { fatalError("every case is loaded") }
            return try result.get()
        }
    }

    /// A voice of 11 seconds, of whisper.cpp's sources: 16 kHz, 16 bits.
    static let voicePath = URL(filePath: folder).appending(path: "../../.native/src/whisper.cpp/samples/jfk.wav")
        .standardizedFileURL.path

    /// The samples of a WAV file with one channel of 16 bits.
    static func samples(_ path: String) throws -> [Float] {
        let file = [UInt8](try Data(contentsOf: URL(filePath: path)))
        let data = try #require(file.firstRange(of: Array("data".utf8)))
        let bytes = Array(file[(data.upperBound + 4)...])
        return stride(from: 0, to: bytes.count - 1, by: 2).map { place in
            Float(Int16(bitPattern: UInt16(bytes[place]) | UInt16(bytes[place + 1]) << 8)) / 32768
        }
    }

    static let voice = Result { try samples(voicePath) }

    /// The bytes of an answer, in hexadecimal digits.
    func hex(_ answer: [Token]) throws -> String {
        let vocabulary = try model.makeVocabulary()
        let bytes = try answer.flatMap { try vocabulary.piece(of: $0, special: true) }
        return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    func makeProjector(abort: AbortFlag = AbortFlag()) throws -> LlamaProjector {
        try LlamaProjector(path: projectorPath, model: try model, threads: 1, abort: abort)
    }

    /// With `isExact`, all is computed in F32, so that the shapes of batches change nothing; otherwise as llama.cpp does it
    /// by itself.
    func makeBackend(
        _ projector: LlamaProjector,
        sequences: Int = 1,
        stepTokens: Int = 512,
        cacheTokens: Int? = nil,
        isExact: Bool = true
    ) throws -> LlamaBackend {
        var options = LlamaBackend.Options(
            contextLength: 1024,
            sequences: sequences,
            threads: 1,
            stepTokens: stepTokens
        )
        if isExact { (options.keyType, options.valueType, options.flashAttention) = (.f32, .f32, .off) }
        options.isUnified = cacheTokens != nil
        options.cacheTokens = cacheTokens
        return try LlamaBackend(model: try model, options: options, projector: projector)
    }

    /// An engine that may save states.
    func makeEngine(
        _ projector: LlamaProjector,
        sequences: Int = 1,
        stepTokens: Int = 512,
        cacheTokens: Int? = nil,
        isExact: Bool = true
    ) throws -> InferenceEngine {
        let backend = try makeBackend(
            projector,
            sequences: sequences,
            stepTokens: stepTokens,
            cacheTokens: cacheTokens,
            isExact: isExact
        )
        return InferenceEngine(name: "vision-test", backend: backend, policy: TinyModel.policy)
    }

    /// A question behind an image, in the template's form.
    static func chat(_ image: LlamaImage, _ question: String = "what is it") -> [PromptPart] {
        chat(.image(image), question)
    }

    /// A question behind an image or a sound.
    static func chat(_ media: PromptPart, _ question: String = "what is it") -> [PromptPart] {
        [.text("<|im_start|>user\n"), media, .text("\(question)<|im_end|>\n<|im_start|>assistant\n")]
    }

    /// The likeliest tokens, which never end by themselves where `drawn`, which are then drawn with a seed.
    static func generation(_ prompt: MediaPrompt, maxTokens: Int = 24, isDrawn: Bool = false) -> Generation {
        var sampling = Sampling.drawn
        if !isDrawn {
            sampling = Sampling()
            sampling.temperature = 0
        }
        return Generation(prompt: prompt.items, media: prompt.media, sampling: sampling, maxTokens: maxTokens)
    }

    /// The answer of an engine that has seen nothing else.
    func freshAnswer(
        _ projector: LlamaProjector,
        _ generation: Generation,
        isExact: Bool = true
    ) async throws -> [Token] {
        let engine = try makeEngine(projector, isExact: isExact)
        let tokens = try await LoadedModel.answer(generation, engine).tokens
        await engine.stop()
        return tokens
    }
}
