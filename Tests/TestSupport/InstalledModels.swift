import Foundation

/// The files that `make deps` and `make models` put into the repository's folders.
package enum InstalledModels {
    /// The repository's root, from where this file lies.
    package static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    package static let chat = "\(root)/models/SmolLM2-135M-Instruct.Q4_1.gguf"
    package static let embedding = "\(root)/models/all-MiniLM-L6-v2.F16.gguf"
}
