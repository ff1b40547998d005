/// Why an answer ended.
package enum FinishReason: String, Sendable, CaseIterable, JSONRepresentable {
    /// The model ended it, or a stop text came up.
    case stop

    /// It reached the number of tokens asked for, or the end of the context.
    case length

    package var json: JSONValue { .string(rawValue) }
}
