/// Why an answer ended.
package enum FinishReason: String, Sendable, CaseIterable, JSONRepresentable {
    /// The model ended it, or a stop text came up.
    case stop

    /// It reached the number of tokens asked for, or the end of the context.
    case length

    /// The model calls tools, and waits for their results.
    case toolCalls = "tool_calls"

    /// The same, for requests in the old form, with `functions`.
    case functionCall = "function_call"

    package var json: JSONValue { .string(rawValue) }
}
