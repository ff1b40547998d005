internal import Foundation

/// What a tuning of an embedding model measured and chose, as it is kept beside the model.
package struct EmbeddingRecord: KeptTuning, Equatable {
    /// Raised when the record's meaning changes; others are ignored.
    package static let currentVersion = 1

    /// One format of the weights.
    package struct Format: Sendable, Codable, Equatable {
        package var name: String
        /// Of the weights, in bytes; nil where it was not tried.
        package var bytes: UInt64?
        /// Of the texts that are measured with.
        package var tokensPerSecond: Double?
        /// Over the original, measured in turns with it.
        package var gain: Double?
        /// The least cosine between a text's vector and the original's.
        package var leastCosine: Double?
        /// Why it was not chosen or not tried; nil for the chosen one.
        package var verdict: String?
    }

    package var version = currentVersion
    package var machine: MachineIdentity
    package var source: FileIdentity
    /// The bound on the cosine.
    package var minCosine: Double
    /// The file's own format first.
    package var formats: [Format]
    /// The file of the chosen weights, or nil for the model's own.
    package var weights: FileIdentity?

    /// The chosen format.
    package var choice: Format { formats.first { $0.verdict == nil } ?? formats[0] }

    /// A table of the formats, and the choice.
    package var text: String {
        let header = ["FORMAT", "MIB", "TOKENS/S", "GAIN", "LEAST COSINE", ""]
        let rows = formats.map { format in
            [
                format.name,
                format.bytes.map { "\($0 >> 20)" } ?? "-",
                TuningTable.number(format.tokensPerSecond),
                TuningTable.number(format.gain, decimals: 2),
                TuningTable.number(format.leastCosine, decimals: 6),
                format.verdict ?? "chosen",
            ]
        }
        return "\(TuningTable.table([header] + rows))\n\n\(summary)"
    }

    /// What was chosen, in one line.
    package var summary: String {
        guard weights != nil else { return "Chosen: the file as it is; nothing else is faster." }
        return "Chosen: weights in \(choice.name): \(TuningTable.number(choice.gain, decimals: 2)) times as fast, "
            + "least cosine \(TuningTable.number(choice.leastCosine, decimals: 6))."
    }
}
