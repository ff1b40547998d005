import HTTP
import Scheduling
import WireFormat

extension Routes {
    /// Answers `GET /v1/responses/{response}`, streamed where the query asks for it.
    func retrieveResponse(_ request: HTTPRequest) async throws -> HTTPResponse {
        let run = try stored(request).run
        try request.checkInclusions()
        _ = try request.flag("include_obfuscation")
        let isStreamed = try request.flag("stream")
        let after = try request.number("starting_after", in: Self.eventNumbers)
        guard isStreamed else {
            guard after == nil else {
                throw APIError.invalidRequest(
                    "The 'starting_after' parameter is only allowed when 'stream' is enabled.",
                    param: "starting_after",
                    code: "invalid_value"
                )
            }
            return .json(run.response)
        }
        guard run.isBackground else {
            throw APIError.invalidRequest(
                "Only a response that was created with 'background' can be streamed later.",
                param: "stream",
                code: "invalid_value"
            )
        }
        return events(of: run, from: after.map { $0 + 1 } ?? 0)
    }

    /// Answers `DELETE /v1/responses/{response}`.
    func deleteResponse(_ request: HTTPRequest) async throws -> HTTPResponse {
        let id = request.parameters["response"] ?? ""
        guard responses.remove(id, owner: Owner(request.principal)) else { throw APIError.responseNotFound(id) }
        let answer: JSONValue = ["id": .string(id), "object": "response", "deleted": true]
        return .json(answer)
    }

    /// Answers `POST /v1/responses/{response}/cancel`.
    func cancelResponse(_ request: HTTPRequest) async throws -> HTTPResponse {
        let run = try stored(request).run
        guard run.isBackground else {
            throw APIError.invalidRequest(
                "Only a response that was created with 'background' can be cancelled.",
                code: "invalid_value"
            )
        }
        run.cancel()
        return .json(run.response)
    }

    /// Answers `GET /v1/responses/{response}/input_items`.
    func listResponseInput(_ request: HTTPRequest) async throws -> HTTPResponse {
        let response = try stored(request)
        try request.checkInclusions()
        let order = request.query["order"] ?? "desc"
        guard order == "asc" || order == "desc" else { throw APIError.badQuery("order", "'asc' or 'desc'") }
        return .json(
            try ResponseItemList(
                response.earlier + response.input,
                after: request.query["after"],
                limit: try request.number("limit", in: Self.pageSizes) ?? 20,
                isAscending: order == "asc"
            )
        )
    }

    /// The caller's response that the path names.
    private func stored(_ request: HTTPRequest) throws -> StoredResponse {
        let id = request.parameters["response"] ?? ""
        guard let response = responses.find(id, owner: Owner(request.principal)) else {
            throw APIError.responseNotFound(id)
        }
        return response
    }
}

extension HTTPRequest {
    /// A switch of the query; false where it is not there.
    fileprivate func flag(_ name: String) throws(APIError) -> Bool {
        switch query[name] {
        case nil, "false": return false
        case "true": return true
        default: throw .badQuery(name, "'true' or 'false'")
        }
    }

    /// A number of the query.
    func number(_ name: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
        guard let text = query[name] else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw .badQuery(name, "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// Refuses names of things to include that nobody knows; what there is has been included from the beginning.
    fileprivate func checkInclusions() throws(APIError) {
        let names = query.values(of: "include") + query.values(of: "include[]")
        guard names.allSatisfy({ ResponseRequest.Inclusion(rawValue: $0) != nil }) else {
            let known = ResponseRequest.Inclusion.allCases.map { "'\($0.rawValue)'" }
            throw .badQuery("include", known.joined(separator: ", "))
        }
    }
}

extension APIError {
    static func badQuery(_ name: String, _ expected: String) -> APIError {
        .invalidRequest("Invalid '\(name)' in the query: expected \(expected).", param: name, code: "invalid_value")
    }

    fileprivate static func responseNotFound(_ id: String) -> APIError {
        .notFound("Response with id '\(String(id.prefix(100)))' not found.")
    }
}
