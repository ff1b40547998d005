/// A request for what comes between two texts, as llama-server takes it.
package struct InfillRequest: RequestBody, Equatable {
    /// Another text that may help.
    package struct File: Sendable, Equatable {
        package let name: String
        package let text: String

        package init(name: String, text: String) {
            self.name = name
            self.text = text
        }
    }

    /// The model asked for, or nil for the server's default.
    package let model: String?
    /// What the answer goes on with: `input_prefix`, and `prompt` behind it.
    package let prefix: String
    package let suffix: String
    package let files: [File]
    /// With llama-server's defaults in place.
    package let generation: GenerationParameters
}

extension InfillRequest {
    private enum Parameters {
        static let model = Parameter("model", StringShape(maximumLength: 1_000))
        static let prefix = Parameter("input_prefix", StringShape())
        static let suffix = Parameter("input_suffix", StringShape())
        static let files = Parameter("input_extra", ListShape(of: FileShape(), maximumCount: 1_024))
        static let prompt = Parameter("prompt", StringShape())
    }

    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            let model = try reader.optional(Parameters.model)
            let prefix = try reader.required(Parameters.prefix)
            let suffix = try reader.required(Parameters.suffix)
            let files = try reader.optional(Parameters.files) ?? []
            let begun = try reader.optional(Parameters.prompt) ?? ""
            let generation = try GenerationParameters(readingLlama: &reader)
            try reader.check(DormantParameter.llama)
            return InfillRequest(
                model: model,
                prefix: prefix + begun,
                suffix: suffix,
                files: files,
                generation: generation
            )
        }
    }

    /// One element of `input_extra`.
    private struct FileShape: Shape {
        private static let name = Parameter("filename", StringShape(maximumLength: 1_000))
        private static let text = Parameter("text", StringShape())

        var name: ShapeName { .object }

        func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> File {
            try ObjectReader.read(value, at: path) { reader throws(APIError) in
                File(name: try reader.optional(Self.name) ?? "tmp", text: try reader.required(Self.text))
            }
        }
    }
}
