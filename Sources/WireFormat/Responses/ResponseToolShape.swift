/// One element of `tools`, and how answers repeat it.
struct ResponseToolShape: Shape {
    struct Declaration {
        let tool: Tool
        let json: JSONValue
    }

    private enum Kind: String, CaseIterable {
        case function, custom
    }

    private enum Parameters {
        static let type = Parameter("type", NameShape<Kind>())
        static let name = Parameter("name", ToolNameShape())
        static let description = Parameter("description", StringShape())
        static let strict = Parameter("strict", BooleanShape())
        static let parameters = Parameter("parameters", JSONSchemaShape())
        static let format = Parameter("format", ResponseCustomFormatShape())
    }

    /// Tools are called by the model, one after the other.
    private static let dormant: [DormantParameter] = [
        .refuses("defer_loading", except: [false]),
        .refuses("allowed_callers", except: [["direct"]]),
        .refuses("async", except: [false]),
        .accepts("output_schema", AnyShape()),
    ]

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> Declaration {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            let type = try reader.required(Parameters.type)
            guard let kind = Kind(rawValue: type) else {
                // Before the other members, which are of no use without the tool.
                throw .unsupportedKind(type, at: path.member("type"), supported: Kind.allCases)
            }
            try reader.check(Self.dormant)
            return switch kind {
            case .function: try function(&reader)
            case .custom: try custom(&reader)
            }
        }
    }

    private func function(_ reader: inout ObjectReader) throws(APIError) -> Declaration {
        let name = try reader.required(Parameters.name)
        let description = try reader.optional(Parameters.description)
        let strict = try reader.optional(Parameters.strict)
        let schema = try reader.optional(Parameters.parameters)
        let path = reader.path.member("parameters")
        // Strict unless told otherwise, as far as the schema can be enforced.
        var isStrict = strict ?? true
        var checked: JSONValue
        do {
            checked = try JSONSchema.checked(schema ?? [:], isStrict: isStrict, at: path)
        } catch {
            guard strict == nil else { throw error }
            isStrict = false
            checked = try JSONSchema.checked(schema ?? [:], isStrict: false, at: path)
        }
        return Declaration(
            tool: Tool(name: name, description: description, kind: .function(parameters: checked, isStrict: isStrict)),
            json: [
                "type": "function", "name": .string(name), "description": JSONValue(description),
                "parameters": schema ?? .null, "strict": .bool(isStrict),
            ]
        )
    }

    private func custom(_ reader: inout ObjectReader) throws(APIError) -> Declaration {
        let name = try reader.required(Parameters.name)
        let description = try reader.optional(Parameters.description)
        let format = try reader.optional(Parameters.format)
        return Declaration(
            tool: Tool(name: name, description: description, kind: .custom(grammar: format?.grammar)),
            json: [
                "type": "custom", "name": .string(name), "description": JSONValue(description),
                "format": format?.json ?? ["type": "text"],
            ]
        )
    }
}

/// `format` of a custom tool: any text, or one of a grammar.
private struct ResponseCustomFormatShape: Shape {
    struct Format {
        let grammar: String?
        let json: JSONValue
    }

    private enum Kind: String, CaseIterable {
        case text, grammar
    }

    private static let type = Parameter("type", ChoiceShape<Kind>())

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> Format {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            let isText = try reader.required(Self.type) == .text
            return Format(grammar: isText ? nil : try CustomGrammarShape.grammar(&reader), json: value)
        }
    }
}

/// `tool_choice`: a mode, one tool, or some tools.
struct ResponseToolChoiceShape: Shape {
    private enum Kind: String, CaseIterable {
        case function, custom
        case allowedTools = "allowed_tools"
    }

    private enum AllowedMode: String, CaseIterable {
        case auto, required
    }

    private enum Parameters {
        static let type = Parameter("type", NameShape<Kind>())
        static let name = Parameter("name", StringShape(minimumLength: 1))
        static let mode = Parameter("mode", ChoiceShape<AllowedMode>())
        static let tools = Parameter(
            "tools",
            ListShape(of: ResponseToolReferenceShape(), minimumCount: 1, maximumCount: 1_024)
        )
    }

    let name = ShapeName(singular: "one of a string or an object", plural: "strings or objects")

    var schema: JSONValue {
        let object = JSONValue.schema { () throws(APIError) in _ = try decode([:], at: .root) }
        return ["anyOf": [ChoiceShape<ToolChoiceMode>().schema, object ?? ["type": "object"]]]
    }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> ToolChoice {
        switch value {
        case .string:
            return try ChoiceShape<ToolChoiceMode>().decode(value, at: path).choice
        case .object:
            return try ObjectReader.read(value, at: path) { reader throws(APIError) in
                let type = try reader.required(Parameters.type)
                switch Kind(rawValue: type) {
                case .function, .custom: return ToolChoice(.required, allowed: [try reader.required(Parameters.name)])
                case .allowedTools:
                    let isRequired = try reader.required(Parameters.mode) == .required
                    let names = try reader.required(Parameters.tools)
                    return ToolChoice(isRequired ? .required : .automatic, allowed: names)
                case nil:
                    throw .unsupportedKind(type, at: path.member("type"), supported: Kind.allCases)
                }
            }
        default: throw mismatch(value, at: path)
        }
    }
}

/// One of the allowed tools: its type and its name.
private struct ResponseToolReferenceShape: Shape {
    private enum Kind: String, CaseIterable {
        case function, custom
    }

    private enum Parameters {
        static let type = Parameter("type", ChoiceShape<Kind>())
        static let name = Parameter("name", StringShape(minimumLength: 1))
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> String {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            _ = try reader.required(Parameters.type)
            return try reader.required(Parameters.name)
        }
    }
}
