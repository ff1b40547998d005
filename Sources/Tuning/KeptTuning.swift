package import Foundation

/// What a tuning leaves beside its model, whatever the kind of the model.
package protocol KeptTuning: Codable, Sendable {
    static var currentVersion: Int { get }
    var version: Int { get }
    /// What it was measured on, and holds for.
    var machine: MachineIdentity { get }
    var source: FileIdentity { get }
    /// The file of the chosen weights, or nil for the model's own.
    var weights: FileIdentity? { get }
}

extension KeptTuning {
    /// The record as JSON.
    package func encoded() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return try encoder.encode(self)
    }

    package static func decoded(_ data: Data) throws -> Self { try JSONDecoder().decode(Self.self, from: data) }
}
