/// How urgent a request is, by OpenAI's names.
///
/// There are two ways of serving here: at once, and as flex processing, which leaves the time to the others.
package enum ServiceTier: String, Sendable, CaseIterable {
    /// As the server decides: at once.
    case auto
    case `default`
    /// Work that nobody is waiting for.
    case flex
    /// Tiers that cost more elsewhere; here nothing is faster than `default`.
    case scale, priority, fast

    /// How a request of this tier is served, as the answer says it: `flex` or `default`.
    package var served: Self { self == .flex ? .flex : .default }
}
