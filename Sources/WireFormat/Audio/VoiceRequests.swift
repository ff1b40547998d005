/// A request for a custom voice: a form with a sample of it.
package struct VoiceRequest: FormRequest, Equatable {
    package let name: String
    package let sample: FormFile
    /// The id of the record of consent.
    package let consent: String
}

extension VoiceRequest {
    private enum Parameters {
        static let name = Parameter("name", StringShape(minimumLength: 1, maximumLength: 256))
        static let sample = Parameter("audio_sample", FormFileShape())
        static let consent = Parameter("consent", StringShape(minimumLength: 1, maximumLength: 256))
    }

    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            // First, so that who wants a voice of a text is told that, and not what else is missing.
            try reader.check([
                .refuses("type", except: ["audio_sample"]), .refuses("prompt"), .refuses("model"),
                .refuses("script_hint"),
            ])
            return VoiceRequest(
                name: try reader.required(Parameters.name),
                sample: try reader.required(Parameters.sample),
                consent: try reader.required(Parameters.consent)
            )
        }
    }
}

/// A request for a record of consent: a form with a recording of it.
package struct VoiceConsentRequest: FormRequest, Equatable {
    package let name: String
    package let recording: FormFile
    /// A BCP 47 tag.
    package let language: String
}

extension VoiceConsentRequest {
    private enum Parameters {
        static let name = Parameter("name", StringShape(minimumLength: 1, maximumLength: 256))
        static let recording = Parameter("recording", FormFileShape())
        static let language = Parameter("language", StringShape(minimumLength: 2, maximumLength: 35))
    }

    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            VoiceConsentRequest(
                name: try reader.required(Parameters.name),
                recording: try reader.required(Parameters.recording),
                language: try reader.required(Parameters.language)
            )
        }
    }
}

/// A change of a record of consent: its name.
package struct VoiceConsentUpdate: RequestBody, Equatable {
    package let name: String
}

extension VoiceConsentUpdate {
    private static let name = Parameter("name", StringShape(minimumLength: 1, maximumLength: 256))

    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            VoiceConsentUpdate(name: try reader.required(Self.name))
        }
    }
}
