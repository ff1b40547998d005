// A JSON value read as a schema.

extension JSONValue {
    /// A member of an object.
    private subscript(key: String) -> JSONValue? {
        if case .object(let object) = self { object[key] } else { nil }
    }

    private var elements: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }

    /// The values that a schema names one by one.
    var enumeration: [JSONValue]? { self["enum"]?.elements }

    /// The same schema, which null satisfies too.
    var orNull: JSONValue {
        guard case .object(let object) = self, !object.members.isEmpty else { return self }
        if let alternatives = object["anyOf"]?.elements {
            guard !alternatives.contains(["type": "null"]) else { return self }
            return replacing(["anyOf": .array(alternatives + [["type": "null"]])])
        }
        var changes: [String: JSONValue] = [:]
        if case .string = object["type"] ?? .null { changes["type"] = .array([object["type"] ?? .null, "null"]) }
        if let values = enumeration, !values.contains(.null) { changes["enum"] = .array(values + [.null]) }
        return replacing(changes)
    }

    /// The schema of the same object but for what one of its members may be.
    func replacing(member name: String, with schema: JSONValue) -> JSONValue {
        guard let properties = self["properties"] else { return self }
        return replacing(["properties": properties.replacing([name: schema])])
    }

    /// The same object with other values of some members.
    private func replacing(_ changes: [String: JSONValue]) -> JSONValue {
        guard case .object(let object) = self else { return self }
        return .object(JSONObject(object.members.map { ($0.key, changes[$0.key] ?? $0.value) }))
    }

    /// The same object with members that it did not have.
    func adding(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
        guard case .object(var object) = self else { return self }
        for (key, value) in members where object[key] == nil { object.append(key, value) }
        return .object(object)
    }

    /// A small value that satisfies this schema, as far as the schemas of this module go.
    var example: JSONValue {
        if let value = enumeration?.first { return value }
        if let alternative = self["anyOf"]?.elements?.first { return alternative.example }
        if self["format"] == "binary" { return FormFile(part: 0).json }
        var type = self["type"]
        if let types = type?.elements { type = types.first }
        switch type {
        case "boolean": return false
        case "integer", "number": return number
        case "string": return .string(String(repeating: "x", count: count("minLength")))
        case "array": return .array(Array(repeating: self["items"]?.example ?? .null, count: count("minItems")))
        case "object":
            let required = self["required"]?.elements ?? []
            return .object(
                JSONObject(
                    required.compactMap { name in
                        guard case .string(let name) = name else { return nil }
                        return self["properties"]?[name].map { (name, $0.example) }
                    }
                )
            )
        default: return .null
        }
    }

    private var number: JSONValue {
        let least: Double? =
            switch self["minimum"] {
            case .integer(let value): Double(value)
            case .number(let value): value
            default: nil
            }
        guard let least, least > 0, let minimum = self["minimum"] else { return 0 }
        return minimum
    }

    private func count(_ key: String) -> Int {
        if case .integer(let count) = self[key] { Int(count) } else { 0 }
    }
}
