internal import Foundation

/// The files that a tuning leaves beside its model.
package struct TuningFiles: Sendable {
    /// The model's file as it was named, links unresolved.
    package let model: String
    private let stem: String

    package init(model: String) {
        self.model = model
        stem = model.hasSuffix(".gguf") ? String(model.dropLast(5)) : model
    }

    package var folder: String { URL(filePath: model).deletingLastPathComponent().path }
    /// The weights in another format, where one was chosen.
    package var weights: String { "\(stem).tuned.gguf" }
    /// What was measured and chosen.
    package var record: String { "\(stem).tuning.json" }
    package var plot: String { "\(stem).tuning.svg" }
    /// The hidden folder that holds everything until the tuning is done.
    var work: String { "\(folder)/.\(URL(filePath: stem).lastPathComponent).tuning" }
}
