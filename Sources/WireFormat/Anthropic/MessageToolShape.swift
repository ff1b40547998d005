/// One element of `tools` in Anthropic's API: a tool that the client runs.
struct MessageToolShape: Shape {
    private enum Parameters {
        static let type = Parameter("type", StringShape())
        static let name = Parameter("name", ToolNameShape(maximumLength: 128))
        static let description = Parameter("description", StringShape())
        static let schema = Parameter("input_schema", JSONSchemaShape())
        static let strict = Parameter("strict", BooleanShape())
        static let examples = Parameter(
            "input_examples",
            ListShape(of: MapShape(element: AnyShape()), maximumCount: 64)
        )
    }

    private static let dormant: [DormantParameter] = [
        .accepts("cache_control", MapShape(element: AnyShape())),
        // Arguments always come as they are made.
        .accepts("eager_input_streaming", BooleanShape()),
        .refuses("defer_loading", except: [false]),
        .refuses("allowed_callers", except: [["direct"]]),
    ]

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> Tool {
        if case .object(let object) = value, case .string(let type)? = object["type"], type != "custom" {
            throw .invalidValue(
                "Unsupported value: \(path.member("type").quoted) is '\(type.clipped())', a tool that Anthropic defines; "
                    + "this server takes tools of the type 'custom', with a schema of their own.",
                at: path.member("type")
            )
        }
        return try ObjectReader.read(value, at: path) { reader throws(APIError) in
            _ = try reader.optional(Parameters.type)
            let name = try reader.required(Parameters.name)
            var description = try reader.optional(Parameters.description)
            let isStrict = try reader.optional(Parameters.strict) ?? false
            let schema = try reader.required(Parameters.schema)
            let checked = try JSONSchema.checked(schema, isStrict: isStrict, at: path.member("input_schema"))
            if let examples = try reader.optional(Parameters.examples), !examples.isEmpty {
                let texts = examples.map { example in
                    JSONValue.object(JSONObject(example.map { ($0.key, $0.value) })).text
                }
                description = (description.map { $0 + "\n" } ?? "") + "Examples: " + texts.joined(separator: ", ")
            }
            try reader.check(Self.dormant)
            return Tool(name: name, description: description, kind: .function(parameters: checked, isStrict: isStrict))
        }
    }
}

/// `tool_choice` in Anthropic's API.
struct MessageToolChoiceShape: Shape {
    /// Whether the model calls tools, and whether it makes several calls at once; nil leaves that to the model.
    struct Choice {
        let choice: ToolChoice
        let disablesParallel: Bool?
    }

    private enum Kind: String, CaseIterable {
        case auto, any, tool, none
    }

    private enum Parameters {
        static let type = Parameter("type", ChoiceShape<Kind>())
        static let name = Parameter("name", StringShape(minimumLength: 1))
        static let disablesParallel = Parameter("disable_parallel_tool_use", BooleanShape())
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> Choice {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            let choice: ToolChoice
            switch try reader.required(Parameters.type) {
            case .auto: choice = ToolChoice()
            case .any: choice = ToolChoice(.required)
            case .tool: choice = ToolChoice(.required, allowed: [try reader.required(Parameters.name)])
            case .none: choice = ToolChoice(.none)
            }
            return Choice(choice: choice, disablesParallel: try reader.optional(Parameters.disablesParallel))
        }
    }
}
