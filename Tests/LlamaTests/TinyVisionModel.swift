import Foundation
import Llama
import RuntimeSupport
import Scheduling
import TestSupport
import Testing
import Tokenizer

/// The tiny models that see images, of Scripts/make-tiny-models.py.
enum TinyVisionModel: String, CaseIterable, CustomTestStringConvertible {
    /// An image is cut into slices of one size, with text tokens between them (Idefics 3).
    case smolvlm
    /// An image is one piece of as many tokens as it has squares, and of fewer positions (Qwen2-VL, M-RoPE).
    case qwen2vl
    /// An image is one piece of 16 tokens, which are attended to as a whole (Gemma 3).
    case llama

    var testDescription: String { rawValue }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().path

    var path: String { "\(Self.folder)/Models/tiny-\(rawValue).gguf" }
    var projectorPath: String { "\(Self.folder)/Models/mmproj-tiny-\(rawValue).gguf" }

    static func imagePath(_ name: String) -> String { "\(folder)/Images/\(name)" }

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
        [.text("<|im_start|>user\n"), .image(image), .text("\(question)<|im_end|>\n<|im_start|>assistant\n")]
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
