import Foundation
import Llama
import RuntimeSupport
import Whisper

extension ModelFolder {
    /// The folder's whisper models, the manifest's default or else the first one first.
    ///
    /// Files in whisper.cpp's format are known by how they begin. One that is damaged, or does not fit, is left out, and the log
    /// says why.
    ///
    /// - Parameters:
    ///   - atOnce: How many transcriptions run at once.
    ///   - budget: Of all models.
    /// - Returns: Those that can be served, and the ids of the others.
    func transcriptionFiles(
        atOnce: Int,
        budget: MemoryBudget
    ) -> (served: [TranscriptionFile], unusable: [String]) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let paths = names.filter { $0.hasSuffix(".bin") }.sorted().map { "\(path)/\($0)" }
        var files: [TranscriptionFile] = []
        var unusable: [String] = []
        for path in paths where WhisperModel.isModel(path: path) {
            do {
                let file = try transcriptionFile(path, atOnce: atOnce, budget: budget)
                files.insert(file, at: entry(path)?.isDefault == true ? 0 : files.count)
            } catch {
                Log("model").warning("not served: \(error.description)")
                unusable.append(transcriptionID(path))
            }
        }
        return (files, unusable)
    }

    /// The whisper model of a file, as it is served.
    ///
    /// - Throws: `ModelFolderError` where it is damaged, or takes more memory than there is.
    func transcriptionFile(
        _ path: String,
        atOnce: Int,
        budget: MemoryBudget
    ) throws(ModelFolderError) -> TranscriptionFile {
        let file: TranscriptionFile
        do {
            file = try TranscriptionFile(
                path: path,
                id: transcriptionID(path),
                atOnce: atOnce,
                gpus: budget.gpus.count
            )
        } catch {
            throw ModelFolderError(error.description)
        }
        guard file.memory.host.total <= budget.host else {
            throw ModelFolderError(
                "\(file.id) does not fit: it needs \(file.memory.host.total.inMiB), and the budget is \(budget.host.inMiB)"
            )
        }
        return file
    }

    /// What requests call the whisper model of a file.
    private func transcriptionID(_ path: String) -> String { entry(path)?.id ?? TranscriptionFile.fileID(path) }

    /// Where the whisper model of an id, a file name or a path lies; nil where none is called so, or a GGUF file is.
    func transcriptionPath(named name: String) -> String? {
        guard !files.contains(where: { isCalled($0, name) }) else { return nil }
        let known = fileName(of: name).map { ["\(path)/\($0)"] } ?? []
        return (known + [name, "\(path)/\(name)", "\(path)/\(name).bin"]).first { WhisperModel.isModel(path: $0) }
    }
}
