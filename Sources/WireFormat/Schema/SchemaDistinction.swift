/// Tells whether schemas exclude each other, as the alternatives of `oneOf` have to.
///
/// It looks for what is easily seen: other types, or a property that all require with other values.
struct SchemaDistinction {
    let root: JSONValue

    /// Whether no value is valid for two of them; false also where that can't be seen.
    func areDistinct(_ schemas: [JSONValue]) -> Bool {
        let targets = schemas.map(resolved)
        for (index, first) in targets.enumerated() {
            for second in targets[(index + 1)...] where !areDistinct(first, second) { return false }
        }
        return true
    }

    private func areDistinct(_ first: JSONObject?, _ second: JSONObject?) -> Bool {
        guard let first, let second else { return false }
        if let values = Self.values(first), let others = Self.values(second) {
            return !values.contains(where: others.contains)
        }
        guard let types = first["type"].flatMap(SchemaWriter.types),
            let others = second["type"].flatMap(SchemaWriter.types)
        else { return false }
        if !types.contains(where: { type in others.contains { Self.overlap(type, $0) } }) { return true }
        guard types == [.object], others == [.object] else { return false }
        return Self.tags(first).contains { name, values in
            guard let others = Self.tags(second)[name] else { return false }
            return !values.contains(where: others.contains)
        }
    }

    private static func overlap(_ first: SchemaWriter.Kind, _ second: SchemaWriter.Kind) -> Bool {
        first == second || [first, second] == [.integer, .number] || [first, second] == [.number, .integer]
    }

    /// Required properties that have one of some values.
    private static func tags(_ schema: JSONObject) -> [String: [JSONValue]] {
        guard case .object(let properties)? = schema["properties"], case .array(let required)? = schema["required"]
        else { return [:] }
        var tags: [String: [JSONValue]] = [:]
        for member in properties.members where required.contains(.string(member.key)) {
            if case .object(let property) = member.value, let values = values(property) { tags[member.key] = values }
        }
        return tags
    }

    private static func values(_ schema: JSONObject) -> [JSONValue]? {
        if let value = schema["const"] { return [value] }
        if case .array(let values)? = schema["enum"] { return values }
        return nil
    }

    /// The schema behind references.
    private func resolved(_ schema: JSONValue) -> JSONObject? {
        var schema = schema
        for _ in 0..<16 {
            guard case .object(let object) = schema else { return nil }
            guard case .string(let target)? = object["$ref"] else { return object }
            guard let next = Self.resolve(target, in: root) else { return nil }
            schema = next
        }
        return nil
    }

    /// What a reference such as `#/$defs/name` leads to, as llama.cpp follows it.
    static func resolve(_ target: String, in root: JSONValue) -> JSONValue? {
        guard target.hasPrefix("#/") else { return nil }
        var value = root
        for name in target.dropFirst(2).split(separator: "/", omittingEmptySubsequences: false) {
            switch value {
            case .object(let object):
                guard let next = object[String(name)] else { return nil }
                value = next
            case .array(let elements):
                guard let index = Int(name), elements.indices.contains(index) else { return nil }
                value = elements[index]
            default: return nil
            }
        }
        return value
    }
}
