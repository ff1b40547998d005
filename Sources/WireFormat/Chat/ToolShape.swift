/// One element of `tools`.
struct ToolShape: Shape {
    private enum Kind: String, CaseIterable {
        case function, custom
    }

    private enum Parameters {
        static let type = Parameter("type", ChoiceShape<Kind>())
        static let function = Parameter("function", FunctionShape())
        static let custom = Parameter("custom", CustomToolShape())
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> Tool {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            switch try reader.required(Parameters.type) {
            case .function: try reader.required(Parameters.function)
            case .custom: try reader.required(Parameters.custom)
            }
        }
    }
}

/// The name of a function or tool.
struct ToolNameShape: Shape {
    var maximumLength = 64

    var name: ShapeName { .string }
    var schema: JSONValue {
        StringShape(minimumLength: 1, maximumLength: 64).schema.adding(["pattern": "^[a-zA-Z0-9_-]+$"])
    }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> String {
        let text = try StringShape(minimumLength: 1, maximumLength: maximumLength).decode(value, at: path)
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isPlain else {
            throw .invalidValue(
                "Invalid \(path.quoted): string does not match pattern. Expected a string that matches the pattern "
                    + "'^[a-zA-Z0-9_-]+$'.",
                at: path
            )
        }
        return text
    }
}

/// A function: its name, and the schema of its parameters.
struct FunctionShape: Shape {
    private enum Parameters {
        static let name = Parameter("name", ToolNameShape())
        static let description = Parameter("description", StringShape())
        static let strict = Parameter("strict", BooleanShape())
        static let parameters = Parameter("parameters", JSONSchemaShape())
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> Tool {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            let name = try reader.required(Parameters.name)
            let description = try reader.optional(Parameters.description)
            let isStrict = try reader.optional(Parameters.strict) ?? false
            let schema = try reader.optional(Parameters.parameters) ?? [:]
            let checked = try JSONSchema.checked(schema, isStrict: isStrict, at: path.member("parameters"))
            return Tool(name: name, description: description, kind: .function(parameters: checked, isStrict: isStrict))
        }
    }
}

/// A custom tool: it takes a text.
private struct CustomToolShape: Shape {
    private enum Parameters {
        static let name = Parameter("name", ToolNameShape())
        static let description = Parameter("description", StringShape())
        static let format = Parameter("format", CustomFormatShape())
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> Tool {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            let grammar = try reader.optional(Parameters.format) ?? nil
            return Tool(
                name: try reader.required(Parameters.name),
                description: try reader.optional(Parameters.description),
                kind: .custom(grammar: grammar)
            )
        }
    }
}

/// `format` of a custom tool: the grammar of its input, or nil for any text.
private struct CustomFormatShape: Shape {
    private enum Kind: String, CaseIterable {
        case text, grammar
    }

    private enum Parameters {
        static let type = Parameter("type", ChoiceShape<Kind>())
        static let grammar = Parameter("grammar", CustomGrammarShape())
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> String? {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            switch try reader.required(Parameters.type) {
            case .text: nil
            case .grammar: try reader.required(Parameters.grammar)
            }
        }
    }
}

/// `grammar` of a custom tool's format: a regular expression, or a grammar as Lark reads it.
struct CustomGrammarShape: Shape {
    private enum Syntax: String, CaseIterable {
        case lark, regex
    }

    private enum Parameters {
        static let syntax = Parameter("syntax", ChoiceShape<Syntax>())
        static let definition = Parameter("definition", StringShape(maximumLength: 16_384))
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> String {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in try Self.grammar(&reader) }
    }

    /// The grammar that the members of an object describe, as a schema takes it.
    static func grammar(_ reader: inout ObjectReader) throws(APIError) -> String {
        let path = reader.path.member("definition")
        let definition = try reader.required(Parameters.definition)
        do {
            switch try reader.required(Parameters.syntax) {
            // The whole input has to match, whether the expression says so or not.
            case .regex: return try TextPattern(definition, isWhole: true).grammar
            case .lark: return try LarkGrammar(definition).grammar
            }
        } catch let fault as TextPattern.Fault {
            throw .invalidValue("Invalid \(path.quoted): \(fault.description).", at: path)
        } catch let fault as LarkGrammar.Fault {
            throw .invalidValue("Invalid \(path.quoted): \(fault.description).", at: path)
        } catch let error as APIError {
            throw error
        } catch {
            throw .invalidValue("Invalid \(path.quoted).", at: path)
        }
    }
}
