/// A `tool_choice` that names no tool.
enum ToolChoiceMode: String, CaseIterable {
    case none, auto, required

    var choice: ToolChoice {
        switch self {
        case .none: ToolChoice(.none)
        case .auto: ToolChoice(.automatic)
        case .required: ToolChoice(.required)
        }
    }
}

/// `tool_choice`: a mode, one tool, or some tools.
struct ToolChoiceShape: Shape {
    private enum Kind: String, CaseIterable {
        case function, custom
        case allowedTools = "allowed_tools"
    }

    private enum Parameters {
        static let type = Parameter("type", ChoiceShape<Kind>())
        static let function = Parameter("function", NamedToolShape())
        static let custom = Parameter("custom", NamedToolShape())
        static let allowed = Parameter("allowed_tools", AllowedToolsShape())
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
                switch try reader.required(Parameters.type) {
                case .function: ToolChoice(.required, allowed: [try reader.required(Parameters.function)])
                case .custom: ToolChoice(.required, allowed: [try reader.required(Parameters.custom)])
                case .allowedTools: try reader.required(Parameters.allowed)
                }
            }
        default: throw mismatch(value, at: path)
        }
    }
}

/// `function_call`, as `tool_choice` was called once: a mode, or one function.
struct FunctionChoiceShape: Shape {
    private enum Mode: String, CaseIterable {
        case none, auto
    }

    let name = ShapeName(singular: "one of a string or an object", plural: "strings or objects")
    var schema: JSONValue { .anyOf(ChoiceShape<Mode>(), NamedToolShape()) }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> ToolChoice {
        switch value {
        case .string: ToolChoice(try ChoiceShape<Mode>().decode(value, at: path) == .none ? .none : .automatic)
        case .object: ToolChoice(.required, allowed: [try NamedToolShape().decode(value, at: path)])
        default: throw mismatch(value, at: path)
        }
    }
}

/// An object that names a tool.
private struct NamedToolShape: Shape {
    private static let toolName = Parameter("name", StringShape(minimumLength: 1))

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> String {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in try reader.required(Self.toolName) }
    }
}

/// `allowed_tools` of a choice.
private struct AllowedToolsShape: Shape {
    private enum Mode: String, CaseIterable {
        case auto, required
    }

    private enum Parameters {
        static let mode = Parameter("mode", ChoiceShape<Mode>())
        static let tools = Parameter("tools", ListShape(of: ToolReferenceShape(), minimumCount: 1, maximumCount: 1_024))
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> ToolChoice {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            let isRequired = try reader.required(Parameters.mode) == .required
            return ToolChoice(isRequired ? .required : .automatic, allowed: try reader.required(Parameters.tools))
        }
    }
}

/// One of the allowed tools: its type and its name.
private struct ToolReferenceShape: Shape {
    private enum Kind: String, CaseIterable {
        case function, custom
    }

    private enum Parameters {
        static let type = Parameter("type", ChoiceShape<Kind>())
        static let function = Parameter("function", NamedToolShape())
        static let custom = Parameter("custom", NamedToolShape())
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> String {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            switch try reader.required(Parameters.type) {
            case .function: try reader.required(Parameters.function)
            case .custom: try reader.required(Parameters.custom)
            }
        }
    }
}
