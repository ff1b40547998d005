/// What a text may hold before it is refused.
package struct JSONLimits: Sendable {
    /// How deep arrays and objects may be nested.
    package var maximumDepth: Int

    /// How many values a text may hold, those inside arrays and objects included.
    ///
    /// A value takes some hundred bytes while it is parsed, and two bytes in the text (`0,`): without this limit a
    /// body of 64 MiB would become gigabytes.
    package var maximumValues: Int

    package init(maximumDepth: Int = 64, maximumValues: Int = 2_000_000) {
        self.maximumDepth = maximumDepth
        self.maximumValues = maximumValues
    }

    package static let standard = JSONLimits()
}
