/// A response, from its beginning to its end.
package struct ResponseObject: Sendable, Equatable {
    package enum Status: String, Sendable {
        case queued
        case inProgress = "in_progress"
        case completed, incomplete, failed, cancelled

        /// Whether nothing changes any more.
        package var isFinal: Bool { self != .queued && self != .inProgress }
    }

    package let id: String

    /// Seconds since 1970.
    package let created: Int

    /// The model that answers.
    package let model: String

    /// What it repeats of its request.
    package let echo: JSONObject

    package var status: Status

    /// What has been said so far; items are told when they are whole.
    package var output: [ResponseItem] = []

    /// What it cost, once it is over.
    package var usage: Usage?

    /// Why it failed.
    package var error: APIError?

    /// Seconds since 1970.
    package var completed: Int?

    package init(id: String, created: Int, model: String, echo: JSONObject, status: Status = .inProgress) {
        self.id = id
        self.created = created
        self.model = model
        self.echo = echo
        self.status = status
    }
}

extension ResponseObject: JSONRepresentable {
    package var json: JSONValue {
        var object = JSONObject([
            ("id", .string(id)),
            ("object", "response"),
            ("created_at", JSONValue(created)),
            ("status", .string(status.rawValue)),
            ("completed_at", status == .completed ? JSONValue(completed) : .null),
            ("error", error.map(Self.error) ?? .null),
            ("incomplete_details", status == .incomplete ? ["reason": "max_output_tokens"] : .null),
            ("model", .string(model)),
            ("output", .array(output.map(\.json))),
            ("usage", usage?.responseJSON ?? .null),
        ])
        for member in echo.members { object.append(member.key, member.value) }
        return .object(object)
    }

    private static func error(_ error: APIError) -> JSONValue {
        let code = error.kind == .rateLimit ? "rate_limit_exceeded" : "server_error"
        return ["code": .string(code), "message": .string(error.message)]
    }
}

extension Usage {
    /// The usage of a response.
    package var responseJSON: JSONValue {
        [
            "input_tokens": JSONValue(promptTokens),
            // Nothing is charged for keeping a prompt.
            "input_tokens_details": ["cached_tokens": JSONValue(cachedTokens), "cache_write_tokens": 0],
            "output_tokens": JSONValue(completionTokens),
            "output_tokens_details": ["reasoning_tokens": JSONValue(reasoningTokens)],
            "total_tokens": JSONValue(promptTokens + completionTokens),
        ]
    }
}

/// A page of what a response was made from.
package struct ResponseItemList: JSONRepresentable {
    private let items: ArraySlice<ResponseItem>
    private let hasMore: Bool

    /// - Parameters:
    ///   - items: All of them, the oldest first.
    ///   - after: The id of the item that the page follows.
    ///   - limit: How many items a page has.
    ///   - isAscending: Whether the oldest come first.
    /// - Throws: 400 where no item has that id.
    package init(_ items: [ResponseItem], after: String?, limit: Int, isAscending: Bool) throws(APIError) {
        let ordered = isAscending ? items : items.reversed()
        var start = 0
        if let after {
            guard let index = ordered.firstIndex(where: { $0.id == after }) else {
                throw .invalidRequest(
                    "Invalid 'after': no item of this response has the id '\(after.clipped())'.",
                    param: "after",
                    code: "invalid_value"
                )
            }
            start = index + 1
        }
        self.items = ordered[start...].prefix(limit)
        hasMore = start + self.items.count < ordered.count
    }

    package var json: JSONValue {
        [
            "object": "list", "data": .array(items.map(\.json)), "first_id": .string(items.first?.id ?? ""),
            "last_id": .string(items.last?.id ?? ""), "has_more": .bool(hasMore),
        ]
    }
}
