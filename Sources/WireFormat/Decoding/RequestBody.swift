/// A request whose body is a JSON object, or is read as one.
package protocol RequestBody: Sendable {
    /// The media type of the body.
    static var contentType: String { get }

    /// Reads the members of the body.
    ///
    /// - Throws: `APIError` for the first fault found.
    init(json: JSONValue) throws(APIError)
}

extension RequestBody {
    package static var contentType: String { "application/json" }

    /// The request in a body.
    ///
    /// - Throws: `APIError` with status 400 for a body that is no JSON, and for every fault of its parameters.
    package init(body: [UInt8], limits: JSONLimits = .standard) throws(APIError) {
        let json: JSONValue
        do {
            json = try JSONValue.parse(body, limits: limits)
        } catch {
            throw .invalidJSON(error)
        }
        try self.init(json: json)
    }
}
