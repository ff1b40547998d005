/// A token of a model's vocabulary.
package typealias TokenID = Int32

/// One request for as long as the process lives.
package struct RequestID: Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
    package var description: String { "#\(rawValue)" }
}

/// One of the backend's sequences, 0 ..< `BackendLimits.maxSequences`.
package struct SequenceID: Hashable, Sendable, CustomStringConvertible {
    package let rawValue: Int32
    package init(rawValue: Int32) { self.rawValue = rawValue }
    package var description: String { "seq\(rawValue)" }
}

/// One state that was saved out of the KV cache, for as long as the process lives.
package struct StateID: Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
    package var description: String { "state\(rawValue)" }
}

/// On whose behalf work is done; cached prefixes are never shared between owners.
package struct Owner: Hashable, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    /// Everybody, where the server has no keys.
    package static let anyone = Self(rawValue: -1)
}
