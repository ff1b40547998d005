import Foundation
import Llama
import Testing

/// The tiny models that speak, of Scripts/make-tiny-speech-models.py.
enum TinySpeechModel: String, CaseIterable, CustomTestStringConvertible {
    case qwen3tts, pockettts

    var testDescription: String { rawValue }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().path

    var path: String { "\(Self.folder)/Speech/tiny-\(rawValue).gguf" }
    var codecPath: String { "\(Self.folder)/Speech/mmproj-tiny-\(rawValue).gguf" }

    /// Loads it.
    func load(places: Int = 3) throws -> SpeechModel {
        LlamaRuntime.start()
        return try SpeechModel(
            SpeechFiles(model: path, codec: codecPath),
            options: .init(threads: 1, places: places, contextLength: 1024)
        )
    }

    /// A tone that rises, as a recording of somebody.
    static func speaker(_ pitch: Double, seconds: Double = 1) -> [Float] {
        (0..<Int(seconds * 24_000)).map { index in
            let time = Double(index) / 24_000
            // As 16 bits have it, so that a file of it says the same.
            return Float(Int16(9000 * sin(2 * .pi * pitch * time * (1 + time / 4)))) / 32_768
        }
    }

    /// What the model says of a text.
    func sound(
        _ model: SpeechModel,
        _ text: String,
        speaker: [Float]? = TinySpeechModel.speaker(150),
        language: String? = nil,
        seed: UInt32 = 7,
        maxFrames: Int = 24
    ) throws -> [Int16] {
        var sound: [Int16] = []
        let spoken = try model.say(text, speaker: speaker, language: language, seed: seed, maxFrames: maxFrames)
        while true {
            let step = try spoken.step()
            sound += step.sound
            if step.isLast { return sound }
        }
    }
}
