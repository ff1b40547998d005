/// A voice as clients see it.
package struct VoiceObject: JSONRepresentable, Sendable, Equatable {
    /// A custom voice is made of a sample; the others come with the server.
    package enum Kind: String, Sendable {
        case builtIn = "built_in"
        case sample = "audio_sample"
    }

    package let id: String
    package let name: String
    /// Seconds since 1970.
    package let created: Int
    package let kind: Kind
    /// What it sounds like, or is for.
    package let description: String?

    package init(id: String, name: String, created: Int, kind: Kind, description: String? = nil) {
        self.id = id
        self.name = name
        self.created = created
        self.kind = kind
        self.description = description
    }

    package var json: JSONValue {
        var object = JSONObject([
            ("id", .string(id)),
            ("object", "audio.voice"),
            ("created_at", JSONValue(created)),
            ("name", .string(name)),
            ("type", .string(kind.rawValue)),
        ])
        if let description { object.append("description", .string(description)) }
        return .object(object)
    }
}

/// The list of voices.
package struct VoiceList: JSONRepresentable, Sendable {
    package let voices: [VoiceObject]
    /// What may follow the name of a language's voice behind a `+`.
    package let variants: [String]

    package init(_ voices: [VoiceObject], variants: [String]) {
        self.voices = voices
        self.variants = variants
    }

    package var json: JSONValue {
        [
            "object": "list",
            "data": .array(voices.map(\.json)),
            "has_more": false,
            "variants": .array(variants.map { .string($0) }),
        ]
    }
}

/// Somebody's consent to a voice of theirs.
package struct VoiceConsentObject: JSONRepresentable, Sendable, Equatable {
    package let id: String
    package let name: String
    /// A BCP 47 tag.
    package let language: String
    /// Seconds since 1970.
    package let created: Int

    package init(id: String, name: String, language: String, created: Int) {
        self.id = id
        self.name = name
        self.language = language
        self.created = created
    }

    package var json: JSONValue {
        [
            "id": .string(id),
            "object": "audio.voice_consent",
            "created_at": JSONValue(created),
            "name": .string(name),
            "language": .string(language),
        ]
    }
}

/// A page of consents.
package struct VoiceConsentList: JSONRepresentable, Sendable {
    package let consents: [VoiceConsentObject]
    package let hasMore: Bool

    package init(_ consents: [VoiceConsentObject], hasMore: Bool) {
        self.consents = consents
        self.hasMore = hasMore
    }

    package var json: JSONValue {
        [
            "object": "list",
            "data": .array(consents.map(\.json)),
            "first_id": JSONValue(consents.first?.id),
            "last_id": JSONValue(consents.last?.id),
            "has_more": .bool(hasMore),
        ]
    }
}
