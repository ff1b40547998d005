/// A request whose body is a JSON object.
package protocol RequestBody: Sendable {
    /// Reads the members of the body.
    ///
    /// - Throws: `APIError` for the first fault found.
    init(json: JSONValue) throws(APIError)
}

extension RequestBody {
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
