extension Shape {
    /// The schema of an object whose members the decoder reads with an `ObjectReader`, taken from the decoder itself.
    ///
    /// A shape that reads anything else says what it is; one that forgets has only its name here.
    var schema: JSONValue {
        JSONValue.schema { () throws(APIError) in _ = try decode([:], at: .root) }
            ?? ["description": .string(name.singular)]
    }
}

extension RequestBody {
    /// What the body may hold, as JSON Schema: made by the decoder itself.
    package static var schema: JSONValue {
        JSONValue.schema { () throws(APIError) in _ = try Self(json: [:]) } ?? ["type": "object"]
    }
}

extension JSONValue {
    /// The schema of the object that a decoder reads; nil where it reads none.
    ///
    /// Where it reads different members for different values of one of them, such as `type`, there is an alternative for
    /// each of these values, but for those that it refuses.
    ///
    /// - Parameter decode: Decodes an empty object.
    /// - Returns: The schema.
    static func schema(of decode: () throws(APIError) -> Void) -> JSONValue? {
        let first = ParameterRecorder(decode)
        guard first.isTaken else { return nil }
        guard let (name, choices) = first.discriminator else { return object(first.entries) }
        var alternatives: [(choices: [JSONValue], members: JSONValue, entries: [ParameterRecorder.Entry])] = []
        for choice in choices {
            let run = ParameterRecorder(choices: [name: choice], decode)
            if run.error?.param == name { continue }
            let entries = run.entries.filter { $0.name != name }
            let members = object(entries)
            if let known = alternatives.firstIndex(where: { $0.members == members }) {
                alternatives[known].choices.append(choice)
            } else {
                alternatives.append(([choice], members, entries))
            }
        }
        let schemas = alternatives.map { alternative in
            let discriminator = ParameterRecorder.Entry(
                name: name,
                schema: ["type": "string", "enum": .array(alternative.choices)],
                isRequired: true
            )
            return object([discriminator] + alternative.entries)
        }
        return schemas.count == 1 ? schemas[0] : ["anyOf": .array(schemas)]
    }

    /// The schema of the object that a decoder reads where some of its members have these values.
    ///
    /// - Parameters:
    ///   - values: The members, which an object then must have.
    ///   - others: Members that the decoder looks at and refuses then.
    ///   - required: Members that the decoder can do without otherwise.
    ///   - decode: Decodes an empty object.
    /// - Returns: The schema.
    static func schema(
        given values: KeyValuePairs<String, JSONValue>,
        leavingOut others: [String] = [],
        requiring required: [String] = [],
        of decode: () throws(APIError) -> Void
    ) -> JSONValue {
        let given = Dictionary(values.map { ($0.key, $0.value) }) { first, _ in first }
        let run = ParameterRecorder(choices: given, decode)
        return object(
            run.entries.filter { !others.contains($0.name) }.map { entry in
                var entry = entry
                if let value = given[entry.name] { entry.schema = ["type": "string", "enum": [value]] }
                entry.isRequired = entry.isRequired || given[entry.name] != nil || required.contains(entry.name)
                return entry
            }
        )
    }

    private static func object(_ entries: [ParameterRecorder.Entry]) -> JSONValue {
        var object = JSONObject([
            ("type", "object"), ("properties", .object(JSONObject(entries.map { ($0.name, $0.schema) }))),
        ])
        let required = entries.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { object.append("required", .array(required)) }
        object.append("additionalProperties", false)
        return .object(object)
    }

    /// The schema of a choice between shapes.
    static func anyOf(_ shapes: any Shape...) -> JSONValue { ["anyOf": .array(shapes.map(\.schema))] }

    /// A schema of one type with its limits, those that are nil left out.
    static func schema(_ type: JSONValue, _ limits: KeyValuePairs<String, JSONValue?>) -> JSONValue {
        .object(JSONObject([("type", type)] + limits.compactMap { limit in limit.value.map { (limit.key, $0) } }))
    }
}
