/// What every answer and every chunk of a stream says about itself.
package struct ResponseHeader: Sendable, Equatable {
    package let id: String

    /// Seconds since 1970.
    package let created: Int

    /// The model that answered.
    package let model: String

    /// Changes when the same seed may give other answers.
    package let systemFingerprint: String

    /// How the request is served; nil where it did not ask for a tier.
    package let serviceTier: ServiceTier?

    package init(
        id: String,
        created: Int,
        model: String,
        systemFingerprint: String,
        serviceTier: ServiceTier? = nil
    ) {
        self.id = id
        self.created = created
        self.model = model
        self.systemFingerprint = systemFingerprint
        self.serviceTier = serviceTier
    }

    /// An object that begins with these members.
    func object(_ type: String) -> JSONObject {
        JSONObject([
            ("id", .string(id)),
            ("object", .string(type)),
            ("created", JSONValue(created)),
            ("model", .string(model)),
        ])
    }
}
