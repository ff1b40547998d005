internal import Foundation
internal import Llama

/// What is known of a model's tuning.
package enum KnownTuning<Record: KeptTuning>: Sendable {
    /// There is none.
    case absent
    /// One that does not hold here and now, and why.
    case unusable(String)
    case usable(Record)

    /// Looks beside the model.
    ///
    /// - Parameters:
    ///   - files: Of the model.
    ///   - machine: What the record must have been measured on.
    /// - Returns: What is there, checked.
    package static func find(_ files: TuningFiles, machine: MachineIdentity = .current()) -> Self {
        guard let data = FileManager.default.contents(atPath: files.record) else {
            return FileManager.default.fileExists(atPath: files.record)
                ? .unusable("its record cannot be read") : .absent
        }
        guard let record = try? Record.decoded(data), record.version == Record.currentVersion else {
            return .unusable("its record is damaged, or of another version")
        }
        guard record.machine == machine else {
            return .unusable("it was measured on another machine, or with another build")
        }
        guard record.source == FileIdentity.of(files.model) else {
            return .unusable("the model's file has changed since")
        }
        guard let weights = record.weights else { return .usable(record) }
        guard FileIdentity.of(files.weights) == weights, (try? LlamaModel.checkWhole(files.weights)) != nil else {
            return .unusable("the tuned weights are missing or damaged")
        }
        return .usable(record)
    }
}
