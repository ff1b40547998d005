import Foundation
import Llama
import RuntimeSupport
import Whisper

/// `inference-server models`: a table of what is installed.
struct ModelsCommand {
    let folder: String

    func run() {
        // What can't be read is not listed; why is no part of the table.
        Log.setLevel(.error)
        LlamaRuntime.start()
        let folder = ModelFolder(path: folder)
        let transcribers = folder.transcriptionFiles(atOnce: 1, budget: MemoryBudget(host: .max)).served
        guard !folder.files.isEmpty || !transcribers.isEmpty else {
            Console.print("No models in \(folder.path). Run 'make models', or put GGUF files there.")
            return
        }
        var rows = folder.files.map { file in
            [
                folder.id(of: file) + (folder.isDefault(file) ? " *" : ""), size(file.size), file.architecture,
                serves(file.kind),
            ]
        }
        for (place, file) in transcribers.enumerated() {
            rows.append([
                file.id + (place == 0 ? " *" : ""), size(file.information.fileSize), "whisper", "transcriptions",
            ])
        }
        let table = [["MODEL", "SIZE", "ARCHITECTURE", "SERVES"]] + rows
        let widths = (0..<4).map { column in table.map { $0[column].count }.max() ?? 0 }
        for row in table {
            let cells = zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
            Console.print(cells.joined(separator: "  ").trimmingCharacters(in: .whitespaces))
        }
        Console.print("* default of its kind; choose another with 'serve --model NAME'")
    }

    private func size(_ bytes: UInt64) -> String {
        bytes >= 1_000_000_000
            ? "\((Double(bytes) / 1e8).rounded() / 10) GB"
            : "\((Double(bytes) / 1e6).rounded().formatted(.number.grouping(.never))) MB"
    }

    private func serves(_ kind: ModelFile.Kind) -> String {
        switch kind {
        case .chat: "chat, completions"
        case .embedding: "embeddings, moderations"
        case .reranker: "rerank"
        case .speech: "speech, with the codec mmproj-NAME.gguf beside it"
        case .projector: "images or sound, for the model whose name it has (mmproj-NAME.gguf)"
        case .unknown: "nothing that this version knows"
        }
    }
}
