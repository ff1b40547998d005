/// What a tuning measured and chose, as it is kept beside the model.
package struct TuningRecord: KeptTuning, Equatable {
    /// Raised when the record's meaning changes; others are ignored.
    package static let currentVersion = 1

    /// One format of the weights.
    package struct Format: Sendable, Codable, Equatable {
        package var name: String
        /// Of the weights, in bytes; nil where it was not tried.
        package var bytes: UInt64?
        package var speeds: Speeds?
        /// By the objective, over the original, measured in turns with it.
        package var gain: Double?
        package var distance: Distance?
        /// Why it was not chosen or not tried; nil for the chosen one.
        package var verdict: String?
    }

    /// A setting that was tried in place of another.
    package struct Trial: Sendable, Codable, Equatable {
        package var name: String
        package var value: String
        /// In what counts for this setting, over the value that it would replace.
        package var gain: Double?
        package var isAdopted: Bool
        package var note: String?
    }

    package struct Choice: Sendable, Codable, Equatable {
        /// The format's name.
        package var format: String
        /// The file of the weights, or nil for the model's own.
        package var weights: FileIdentity?
        package var settings: Settings
        /// By the objective, over the original with default settings.
        package var gain: Double
        package var speeds: Speeds
        package var meanKL: Double
    }

    package var version = currentVersion
    package var machine: MachineIdentity
    package var source: FileIdentity
    /// The bound on the mean divergence that was asked for.
    package var maxKL: Double
    package var formats: [Format]
    package var trials: [Trial]
    package var choice: Choice
    /// How many chunks of 512 tokens the distance was measured on.
    package var chunks: Int
    /// Whether other programs kept taking the cores: the speeds are rough then.
    package var isDisturbed: Bool

    package var weights: FileIdentity? { choice.weights }
}
