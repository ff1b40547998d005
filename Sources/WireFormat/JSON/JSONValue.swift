/// A JSON value, as parsed from a request or built for an answer.
///
/// Integers and other numbers are kept apart, so that 64-bit integers such as seeds pass unharmed: `1` is an
/// integer, `1.0` and `1e0` are numbers.
package enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

/// Something that is sent to clients as JSON.
package protocol JSONRepresentable: Sendable {
    /// The value as it goes over the wire.
    var json: JSONValue { get }
}

extension JSONValue: JSONRepresentable {
    package var json: JSONValue { self }
}
