import HTTP
import WireFormat

/// One endpoint, and what its description says of it.
struct Route: Sendable {
    let method: HTTPMethod
    /// Without prefix.
    let pattern: String
    var operation = Operation("", .openAI)
    let handler: HTTPHandler

    /// The pattern as descriptions write it.
    var path: String { pattern.replacing("...", with: "") }
}
