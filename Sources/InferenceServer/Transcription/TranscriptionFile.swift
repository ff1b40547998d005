import Foundation
import Llama
import RuntimeSupport
import Whisper

/// A whisper model that requests may ask for, loaded or not: its file, and what its header says.
struct TranscriptionFile: Sendable {
    /// What requests call it.
    let id: String
    let path: String
    /// When the file was last changed, in seconds since 1970.
    let modified: Int
    let information: WhisperModel.Information
    /// What it takes, with all transcriptions that run at once.
    let memory: ModelMemory
    /// What became of requests; it outlives what is loaded.
    let board = Guarded(TranscriptionCounts())

    /// The file's name without `.bin`.
    var fileID: String { Self.fileID(path) }

    static func fileID(_ path: String) -> String {
        let name = URL(filePath: path).lastPathComponent
        return name.hasSuffix(".bin") ? String(name.dropLast(4)) : name
    }

    /// Reads the header of a file, and checks that all of its weights are there.
    ///
    /// - Parameters:
    ///   - path: Of a file in whisper.cpp's format.
    ///   - id: What requests call it.
    ///   - atOnce: How many transcriptions run at once.
    ///   - gpus: How many GPUs the budget knows.
    /// - Throws: What is wrong with it.
    init(path: String, id: String, atOnce: Int, gpus: Int) throws(WhisperError) {
        self.path = path
        self.id = id
        information = try WhisperModel.check(path: path)
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        modified = Int((attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0)
        let use = MemoryUse(
            weights: information.fileSize,
            cache: UInt64(atOnce) * information.cacheBytes,
            compute: UInt64(atOnce) * information.computeBytes
        )
        memory = ModelMemory(host: use, gpus: Array(repeating: MemoryUse(), count: gpus))
    }

    /// The line of the plan that is printed at start.
    var summary: String {
        "\(id): \(memory.host), transcribes up to \(information.window.components.seconds) s at once"
    }
}

/// What became of requests for transcriptions.
struct TranscriptionCounts: Sendable {
    enum Outcome: String, CaseIterable, Sendable { case finished, failed, cancelled, rejected }

    var requests: [Outcome: UInt64] = [:]
    /// Of sound that was transcribed to its end.
    var seconds = 0.0
}

extension WhisperModel.Information {
    /// Of one transcription's keys and values; what was tried at higher temperatures included.
    fileprivate var cacheBytes: UInt64 {
        let (audio, text) = ((audioContext + 255) / 256 * 256, (textContext + 255) / 256 * 256)
        return UInt64(4 * width * (decoderLayers * (text * 7 + audio) + audio))
    }

    /// Of one transcription's steps, roughly: scores of the vocabulary for a whole prompt, and the encoder's layers.
    fileprivate var computeBytes: UInt64 {
        let scores = vocabularySize * textContext * 4
        let layers = audioContext * width * 4 * 12
        let attention = audioContext * audioContext * max(width / 64, 1) * 4
        return UInt64(scores + scores / 4 + layers + attention)
    }
}
