import TestSupport
import WireFormat

/// Random JSON schemas of what strict schemas may say.
struct RandomSchema {
    private var random: SplitMix64
    private var definitions: [(String, JSONValue)] = []

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    static let patterns = [
        "^[a-z]{2,5}-\\d+$", "^(?:yes|no)$", "^\\w*\\.(txt|md)$", "b+a", "^[^\"]{0,6}$", "^\\s?x\\\\$",
    ]
    static let formats = ["date", "time", "date-time", "uuid", "ipv4", "ipv6", "email", "hostname", "duration", "uri"]

    mutating func next() -> JSONValue {
        definitions = []
        let isRecursive = chance(0.2)
        var schema = isRecursive ? object(depth: 2) : any(depth: 3)
        if isRecursive {
            let item: JSONValue = [
                "type": "object",
                "properties": [
                    "next": ["anyOf": [["$ref": "#/$defs/item"], ["type": "null"]]], "value": .object(any(depth: 1)),
                ],
                "required": ["next", "value"],
            ]
            schema.append("$defs", ["item": item])
            guard case .object(let properties)? = schema["properties"] else { return .object(schema) }
            schema = schema.replacing("properties", .object(properties.with("list", ["$ref": "#/$defs/item"])))
        }
        return .object(schema)
    }

    private mutating func chance(_ part: Double) -> Bool { Double.random(in: 0..<1, using: &random) < part }

    private mutating func any(depth: Int) -> JSONObject {
        switch Int.random(in: 0..<(depth > 0 ? 14 : 8), using: &random) {
        case 0, 1: return string()
        case 2: return number("integer")
        case 3: return number("number")
        case 4:
            return JSONObject([
                ("type", ["boolean", "null"].randomElement(using: &random).map(JSONValue.string) ?? "null")
            ])
        case 5: return JSONObject([("enum", ["a", "b \"c\"", 1, 2.5, true, .null, ["x": [1]]])])
        case 6: return JSONObject([("const", ["k", -7, 1e-7].randomElement(using: &random) ?? "k")])
        case 7:
            var schema = number("number")
            schema = schema.replacing("type", ["number", "null"])
            return schema
        case 8: return JSONObject([("anyOf", [.object(any(depth: depth - 1)), .object(any(depth: depth - 1))])])
        case 9, 10:
            var schema = JSONObject([("type", "array"), ("items", .object(any(depth: depth - 1)))])
            let least = Int.random(in: 0...2, using: &random)
            if chance(0.5) { schema.append("minItems", .init(least)) }
            schema.append("maxItems", .init(least + Int.random(in: 0...2, using: &random)))
            return schema
        case 11:
            return JSONObject([
                ("type", "array"), ("prefixItems", [.object(any(depth: 0)), .object(any(depth: 0))]), ("items", false),
                ("minItems", 2), ("maxItems", 2),
            ])
        default: return object(depth: depth)
        }
    }

    private mutating func object(depth: Int) -> JSONObject {
        var properties = JSONObject()
        var required: [JSONValue] = []
        for index in 0..<Int.random(in: 1...3, using: &random) {
            let name = ["name", "größe", "a b", "x\"y", "$grammar"][(index + Int.random(in: 0..<5, using: &random)) % 5]
            guard properties[name] == nil else { continue }
            properties.append(name, .object(any(depth: depth - 1)))
            if chance(0.6) { required.append(.string(name)) }
        }
        return JSONObject([
            ("type", "object"), ("properties", .object(properties)), ("required", .array(required)),
            ("additionalProperties", false),
        ])
    }

    private mutating func string() -> JSONObject {
        var schema = JSONObject([("type", "string")])
        switch Int.random(in: 0..<4, using: &random) {
        case 0: schema.append("pattern", .string(Self.patterns.randomElement(using: &random) ?? ""))
        case 1: schema.append("format", .string(Self.formats.randomElement(using: &random) ?? ""))
        case 2: schema.append("maxLength", .init(Int.random(in: 0...4, using: &random)))
        default: break
        }
        return schema
    }

    private mutating func number(_ type: String) -> JSONObject {
        var schema = JSONObject([("type", .string(type))])
        let scale = [1, 10, 1_000, 100_000_000].randomElement(using: &random) ?? 1
        let centre = Double.random(in: -1...1, using: &random) * Double(scale)
        let least = chance(0.5) ? centre.rounded() : (centre * 100).rounded() / 100
        let width = Double.random(in: 2...Double(20 * scale), using: &random)
        let value = { (number: Double) in
            number == number.rounded() ? JSONValue.integer(Int64(number)) : .number(number)
        }
        if chance(0.7) { schema.append(chance(0.5) ? "minimum" : "exclusiveMinimum", value(least)) }
        if chance(0.7) {
            schema.append(chance(0.5) ? "maximum" : "exclusiveMaximum", value((least + width).rounded()))
        }
        if chance(0.3) {
            let factors: [JSONValue] = type == "integer" ? [1, 2, 5, 7] : [1, 0.5, 0.01, 0.25, 0.3, 2]
            schema.append("multipleOf", factors.randomElement(using: &random) ?? 1)
        }
        return schema
    }
}

extension JSONObject {
    fileprivate func with(_ key: String, _ value: JSONValue) -> JSONObject {
        var copy = self
        if copy[key] == nil { copy.append(key, value) }
        return copy
    }

    fileprivate func replacing(_ key: String, _ value: JSONValue) -> JSONObject {
        JSONObject(members: members.map { $0.key == key ? Member(key: key, value: value) : $0 })
    }
}
