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
    /// - Returns: Those that can be served.
    func transcriptionFiles(atOnce: Int, budget: MemoryBudget) -> [TranscriptionFile] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let paths = names.filter { $0.hasSuffix(".bin") }.sorted().map { "\(path)/\($0)" }
        var files: [TranscriptionFile] = []
        for path in paths where WhisperModel.isModel(path: path) {
            do {
                let file = try transcriptionFile(path, atOnce: atOnce, budget: budget)
                files.insert(file, at: entry(path)?.isDefault == true ? 0 : files.count)
            } catch {
                Log("model").warning("not served: \(error.description)")
            }
        }
        return files
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
            let id = entry(path)?.id ?? TranscriptionFile.fileID(path)
            file = try TranscriptionFile(path: path, id: id, atOnce: atOnce, gpus: budget.gpus.count)
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

    /// Where the whisper model of an id, a file name or a path lies; nil where none is called so, or a GGUF file is.
    func transcriptionPath(named name: String) -> String? {
        guard !files.contains(where: { isCalled($0, name) }) else { return nil }
        let known = fileName(of: name).map { ["\(path)/\($0)"] } ?? []
        return (known + [name, "\(path)/\(name)", "\(path)/\(name).bin"]).first { WhisperModel.isModel(path: $0) }
    }
}
