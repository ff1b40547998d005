/// `text`: what the text of an answer looks like.
struct ResponseTextShape: Shape {
    struct Settings {
        var format = ResponseFormat.text
        /// The format as answers repeat it.
        var json: JSONValue = ["type": "text"]
        var verbosity = Verbosity.medium
    }

    private static let format = Parameter("format", ResponseTextFormatShape())

    private static let verbosity = Parameter("verbosity", ChoiceShape<Verbosity>())

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> Settings {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            let verbosity = try reader.optional(Self.verbosity) ?? .medium
            var settings = try reader.optional(Self.format) ?? Settings()
            settings.verbosity = verbosity
            return settings
        }
    }
}

/// `text.format`.
private struct ResponseTextFormatShape: Shape {
    private enum Kind: String, CaseIterable {
        case text
        case jsonObject = "json_object"
        case jsonSchema = "json_schema"
    }

    private enum Parameters {
        static let type = Parameter("type", ChoiceShape<Kind>())
        static let name = Parameter("name", ToolNameShape())
        static let description = Parameter("description", StringShape())
        static let schema = Parameter("schema", JSONSchemaShape())
        static let strict = Parameter("strict", BooleanShape())
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> ResponseTextShape.Settings {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            switch try reader.required(Parameters.type) {
            case .text: return ResponseTextShape.Settings()
            case .jsonObject: return ResponseTextShape.Settings(format: .jsonObject, json: ["type": "json_object"])
            case .jsonSchema:
                // Models are told neither name nor description: the schema alone shapes the answer.
                let name = try reader.required(Parameters.name)
                let description = try reader.optional(Parameters.description)
                let schema = try reader.required(Parameters.schema)
                let isStrict = try reader.optional(Parameters.strict) ?? false
                let checked = try JSONSchema.checked(schema, isStrict: isStrict, at: path.member("schema"))
                return ResponseTextShape.Settings(
                    format: .jsonSchema(checked, isStrict: isStrict),
                    json: [
                        "type": "json_schema", "name": .string(name), "description": JSONValue(description),
                        "schema": schema, "strict": .bool(isStrict),
                    ]
                )
            }
        }
    }
}

/// `reasoning`: how much the model thinks.
struct ResponseReasoningShape: Shape {
    struct Settings {
        var request = ReasoningRequest()
        /// The settings as answers repeat them.
        var json: JSONValue = ["effort": .null, "summary": .null]
    }

    private enum Effort: String, CaseIterable {
        case none, minimal, low, medium, high, xhigh, max
    }

    private static let effort = Parameter("effort", ChoiceShape<Effort>())
    private static let summary = Parameter("summary", AnyShape())

    /// Nobody sums reasoning up here: it is told as it is.
    ///
    /// What `auto` asks for is the server's choice, which is none.
    private static let dormant: [DormantParameter] = [
        .refuses("summary", except: ["auto"]),
        .refuses("generate_summary", except: ["auto"]),
        .refuses("context", except: ["auto"]),
        .refuses("mode", except: ["standard"]),
    ]

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> Settings {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            try reader.check(Self.dormant)
            let effort = try reader.optional(Self.effort)
            let summary = try reader.optional(Self.summary)
            var settings = Settings()
            settings.request.effortParameter = "reasoning.effort"
            if let effort {
                settings.request.effort = effort == .none ? nil : effort.rawValue
                settings.request.isEnabled = effort != .none
            }
            settings.json = ["effort": JSONValue(effort?.rawValue), "summary": summary ?? .null]
            return settings
        }
    }
}
