/// `response_format`: what the text of an answer looks like.
struct ResponseFormatShape: Shape {
    private enum Kind: String, CaseIterable {
        case text
        case jsonObject = "json_object"
        case jsonSchema = "json_schema"
    }

    private enum Parameters {
        static let type = Parameter("type", ChoiceShape<Kind>())
        static let jsonSchema = Parameter("json_schema", NamedSchemaShape())
        /// llama.cpp's: a schema for `json_object`.
        static let schema = Parameter("schema", JSONSchemaShape())
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> ResponseFormat {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            switch try reader.required(Parameters.type) {
            case .text: return .text
            case .jsonObject:
                guard let schema = try reader.optional(Parameters.schema) else { return .jsonObject }
                let checked = try JSONSchema.checked(schema, isStrict: false, at: path.member("schema"))
                return .jsonSchema(checked, isStrict: false)
            case .jsonSchema: return try reader.required(Parameters.jsonSchema)
            }
        }
    }
}

/// `json_schema` of a format: a schema with a name.
private struct NamedSchemaShape: Shape {
    private enum Parameters {
        static let name = Parameter("name", ToolNameShape())
        static let description = Parameter("description", StringShape())
        static let schema = Parameter("schema", JSONSchemaShape())
        static let strict = Parameter("strict", BooleanShape())
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> ResponseFormat {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            // Models are told neither: the schema alone shapes the answer.
            _ = try reader.required(Parameters.name)
            _ = try reader.optional(Parameters.description)
            let isStrict = try reader.optional(Parameters.strict) ?? false
            guard let schema = try reader.optional(Parameters.schema) else { return .jsonObject }
            let checked = try JSONSchema.checked(schema, isStrict: isStrict, at: path.member("schema"))
            return .jsonSchema(checked, isStrict: isStrict)
        }
    }
}
