/// What the API tells about a model.
package struct ModelCard: JSONRepresentable, Equatable {
    package let id: String

    /// Seconds since 1970.
    package let created: Int

    package let ownedBy: String

    /// More than OpenAI tells, such as the length of the context.
    package let extras: JSONObject

    package init(id: String, created: Int, ownedBy: String, extras: JSONObject = JSONObject()) {
        self.id = id
        self.created = created
        self.ownedBy = ownedBy
        self.extras = extras
    }

    package var json: JSONValue {
        let standard: [(String, JSONValue)] = [
            ("id", .string(id)),
            ("object", "model"),
            ("created", JSONValue(created)),
            ("owned_by", .string(ownedBy)),
        ]
        var object = JSONObject(standard)
        for extra in extras.members where object[extra.key] == nil { object.append(extra.key, extra.value) }
        return .object(object)
    }
}

/// The answer to a request for all models.
package struct ModelList: JSONRepresentable, Equatable {
    package let models: [ModelCard]

    package init(_ models: [ModelCard]) { self.models = models }

    package var json: JSONValue { ["object": "list", "data": .array(models.map(\.json))] }
}
