import Foundation
import RuntimeSupport
import Whisper

extension ModelFolder {
    /// The folder's whisper models, the manifest's default or else the first one first.
    ///
    /// Files in whisper.cpp's format are known by how they begin. One that is damaged is left out, and the log says why.
    ///
    /// - Parameters:
    ///   - atOnce: How many transcriptions run at once.
    ///   - gpus: How many GPUs the budget knows.
    /// - Returns: Those that can be served.
    func transcriptionFiles(atOnce: Int, gpus: Int) -> [TranscriptionFile] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let paths = names.filter { $0.hasSuffix(".bin") }.sorted().map { "\(path)/\($0)" }
        var files: [TranscriptionFile] = []
        for path in paths where WhisperModel.isModel(path: path) {
            let (id, isDefault) = entry(path) ?? (TranscriptionFile.fileID(path), false)
            do {
                let file = try TranscriptionFile(path: path, id: id, atOnce: atOnce, gpus: gpus)
                files.insert(file, at: isDefault ? 0 : files.count)
            } catch {
                Log("model").warning("not served: \(error.description)")
            }
        }
        return files
    }
}
