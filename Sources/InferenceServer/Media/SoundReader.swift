import Foundation
import Llama
import Media
import WireFormat

/// Decodes the sounds of one request, each once however often it stands there.
///
/// For one thread: it is made where sounds are read.
final class SoundReader {
    private var decoded: [String: LlamaSound] = [:]
    private var duration = Duration.zero

    /// The samples of a sound.
    ///
    /// - Parameters:
    ///   - source: As it stands in the request.
    ///   - model: Which is to hear it: it bounds how long all sounds of a request are together, since they are in memory at once.
    ///   - param: What the request calls its turns, for errors.
    /// - Returns: What may stand in prompts.
    /// - Throws: 400 where it is none, or too long.
    func sound(_ source: AudioSource, for model: ChatModel, param: String) throws(APIError) -> LlamaSound {
        if let sound = decoded[source.base64] { return sound }
        let path = source.path ?? param
        guard let hearing = model.projector?.hearing else { throw .doesNotHear(at: path) }
        let file = try source.file()
        // What no context could hold is found while it is decoded, before spectra are made of it.
        let held = hearing.longest(within: model.contextLength)
        do {
            let audio = try AudioDecoder.decode(
                file,
                sampleRate: hearing.sampleRate,
                longest: min(hearing.longest, held) - duration
            )
            guard !audio.samples.isEmpty else { throw AudioError(.noSound, "it holds no sound") }
            duration += audio.duration
            let sound = try LlamaSound(audio.samples)
            decoded[source.base64] = sound
            return sound
        } catch let error as AudioError where error.code == .tooLong {
            guard hearing.longest <= held else {
                throw .contextLengthExceeded(
                    limit: model.contextLength,
                    promptTokens: model.contextLength,
                    isLeast: true,
                    param: path
                )
            }
            throw .invalidRequest(
                "The sounds up to '\(path)' are longer than the \(hearing.longest.components.seconds) seconds that this model hears in one request.",
                param: path,
                code: "audio_too_long"
            )
        } catch let error as AudioError where error.code == .notBuilt {
            throw .cannotDecode
        } catch let error as AudioError {
            throw .badSound("\(error.description)", at: path)
        } catch {
            throw .overloaded("There is no memory for this sound now. Please try again later.", retryAfter: 5)
        }
    }
}

extension [AudioSource] {
    /// The most sounds in one request.
    private static var most: Int { 64 }

    /// - Throws: 400 where there are too many for one request.
    func checkCount() throws(APIError) {
        guard count <= Self.most else {
            throw .invalidRequest(
                "The request holds \(count) sounds; at most \(Self.most) are heard.",
                param: self[Self.most].path,
                code: "too_many_sounds"
            )
        }
    }
}

extension AudioSource {
    /// The bytes of the file.
    ///
    /// - Throws: 400 where they are not in base64.
    func file() throws(APIError) -> [UInt8] {
        guard let file = Data(base64Encoded: base64), !file.isEmpty else {
            throw .invalidRequest(
                "Invalid '\(path ?? "input_audio")': it is not base64.",
                param: path,
                code: "invalid_base64"
            )
        }
        return [UInt8](file)
    }
}

extension APIError {
    /// 400: a file that is no sound.
    static func badSound(_ reason: String, at path: String?) -> Self {
        .invalidRequest(
            "The sound in '\(path ?? "input_audio")' can't be heard: \(reason).",
            param: path,
            code: "invalid_audio"
        )
    }

    /// 400: sound for a model that takes none.
    static func doesNotHear(at path: String?) -> Self {
        .invalidRequest("The model does not hear sound.", param: path, code: "audio_input_not_supported")
    }
}
