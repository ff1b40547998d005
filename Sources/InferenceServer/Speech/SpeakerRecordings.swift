import Foundation
import Llama
import Media
import RuntimeSupport
import Speech
import WireFormat

/// Recordings by which neural models are told who is to speak, under the names of voices.
///
/// A file `NAME.wav` (or of another format that is read) in the folder `MODEL.voices` beside a model's file is one; for other names
/// espeak-ng speaks one, which is made once.
final class SpeakerRecordings: Sendable {
    /// How much of a recording is used: more takes longer, and says little more.
    static let longest = Duration.seconds(12)
    /// What is read of a file, as of one that is sent.
    private static let longestFile = Duration.seconds(300)

    private let made = Guarded<[String: [Float]]>([:])

    /// The names of the recordings that lie beside a model.
    static func names(beside model: ServableModel) -> [String] { files(beside: model).keys.sorted() }

    private static func files(beside model: ServableModel) -> [String: String] {
        let folder = "\(model.file.path.dropLast(model.file.path.hasSuffix(".gguf") ? 5 : 0)).voices"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return Dictionary(
            names.filter { !$0.hasPrefix(".") }.sorted().map { name in
                (URL(filePath: name).deletingPathExtension().lastPathComponent, "\(folder)/\(name)")
            },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The recording that lies beside a model under a name; nil where there is none.
    ///
    /// - Throws: 500 where it can't be read.
    func beside(_ model: ServableModel, _ name: String, sampleRate: Int) async throws -> [Float]? {
        guard let path = Self.files(beside: model)[name] else { return nil }
        if let kept = made.withLock({ $0[path] }) { return kept }
        let samples: [Float]
        do {
            let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
            samples = try await Self.decode(bytes, sampleRate: sampleRate)
        } catch let error as AudioError {
            throw APIError.badSpeaker(path, error.description)
        } catch let error as CocoaError {
            throw APIError.badSpeaker(path, error.localizedDescription)
        }
        guard samples.count >= sampleRate / 2 else {
            throw APIError.badSpeaker(path, "it is shorter than half a second")
        }
        made.withLock { $0[path] = samples }
        return samples
    }

    /// What a custom voice was made of.
    func custom(_ file: [UInt8], sampleRate: Int) async throws -> [Float] {
        try await Self.decode(file, sampleRate: sampleRate)
    }

    /// A voice of espeak-ng's, speaking.
    func spoken(_ voice: SpeechVoice, by eSpeak: ESpeakSpeech, sampleRate: Int) async throws -> [Float] {
        if let kept = made.withLock({ $0[voice.id] }) { return kept }
        let isEnglish = voice.native.language.hasPrefix("en")
        let text =
            isEnglish
            ? "Hello, this is how I sound. I read whatever you write, in my own voice, for as long as you like to listen."
            : "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12."
        let utterance = eSpeak.voices.utterance(text, voice: voice, language: voice.native.language)
        let stream: SpeechStream
        do throws(SpeechError) { stream = try await eSpeak.submit(utterance, true) } catch { throw APIError(error) }
        var encoder: AudioEncoder? = try AudioEncoder(.pcm, inputRate: eSpeak.sampleRate)
        var bytes: [UInt8] = []
        for await event in stream {
            if case .sound(let samples) = event { bytes += try encoder?.encode(samples) ?? [] }
            if case .failed(let error) = event { throw APIError(error) }
        }
        if let last = encoder.take() { bytes += try last.finish() }
        let samples = stride(from: 0, to: bytes.count - 1, by: 2).map { place in
            Float(Int16(bitPattern: UInt16(bytes[place]) | UInt16(bytes[place + 1]) << 8)) / 32_768
        }
        guard samples.count >= sampleRate / 2 else { throw APIError.internalServer }
        let kept = Array(samples.prefix(Int(Self.longest / .seconds(1) * Double(sampleRate))))
        made.withLock { $0[voice.id] = kept }
        return kept
    }

    private static func decode(_ bytes: [UInt8], sampleRate: Int) async throws -> [Float] {
        let audio = try await onThread("recording") {
            try AudioDecoder.decode(bytes, sampleRate: sampleRate, longest: longestFile, abort: AbortFlag())
        }
        return Array(audio.samples.prefix(Int(longest / .seconds(1) * Double(sampleRate))))
    }
}

extension APIError {
    /// 500: a file that lies beside a model is of no use.
    fileprivate static func badSpeaker(_ path: String, _ reason: String) -> APIError {
        Log("speech").error("\(path) is no recording of a speaker: \(reason)")
        return APIError(
            status: 500,
            message: "The recording of this voice can't be used; the server's log says why.",
            kind: .server,
            param: "voice",
            code: "voice_unusable"
        )
    }
}
