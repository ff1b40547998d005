import Foundation
import WireFormat

/// Tells whether values are valid for a schema: the keywords that ``RandomSchema`` uses, as their specification says.
struct SchemaValidator {
    let root: JSONValue

    func fault(_ value: JSONValue, _ schema: JSONValue? = nil) -> String? {
        guard case .object(let schema) = schema ?? root else { return nil }
        if case .string(let target)? = schema["$ref"] {
            guard case .object(let object) = root, case .object(let definitions)? = object["$defs"] else {
                return "no $defs"
            }
            return fault(value, definitions[String(target.dropFirst("#/$defs/".count))] ?? "none")
        }
        if case .array(let alternatives)? = schema["anyOf"] {
            return alternatives.contains { fault(value, $0) == nil } ? nil : "\(value.text) is none of anyOf"
        }
        if let constant = schema["const"], !Self.isEqual(constant, value) {
            return "\(value.text) is not \(constant.text)"
        }
        if case .array(let values)? = schema["enum"], !values.contains(where: { Self.isEqual($0, value) }) {
            return "\(value.text) is none of the enum"
        }
        if let type = schema["type"] {
            let types = if case .array(let types) = type { types } else { [type] }
            if !types.contains(where: { Self.isOf($0, value) }) { return "\(value.text) is not of type \(type.text)" }
        }
        switch value {
        case .string(let text): return stringFault(text, schema)
        case .integer(let integer): return numberFault(Double(integer), schema)
        case .number(let number): return numberFault(number, schema)
        case .array(let elements): return arrayFault(elements, schema)
        case .object(let object): return objectFault(object, schema)
        case .null, .bool: return nil
        }
    }

    static func isEqual(_ first: JSONValue, _ second: JSONValue) -> Bool { first == second }

    private static func isOf(_ type: JSONValue, _ value: JSONValue) -> Bool {
        switch (type, value) {
        case ("object", .object), ("array", .array), ("string", .string), ("integer", .integer), ("number", .integer),
            ("number", .number), ("boolean", .bool), ("null", .null):
            true
        case ("integer", .number(let number)): number == number.rounded()
        default: false
        }
    }

    private static func number(_ value: JSONValue?) -> Double? {
        switch value {
        case .integer(let integer)?: Double(integer)
        case .number(let number)?: number
        default: nil
        }
    }

    private func numberFault(_ number: Double, _ schema: JSONObject) -> String? {
        if let bound = Self.number(schema["minimum"]), number < bound { return "\(number) is below \(bound)" }
        if let bound = Self.number(schema["maximum"]), number > bound { return "\(number) is above \(bound)" }
        if let bound = Self.number(schema["exclusiveMinimum"]), number <= bound {
            return "\(number) is not above \(bound)"
        }
        if let bound = Self.number(schema["exclusiveMaximum"]), number >= bound {
            return "\(number) is not below \(bound)"
        }
        if let factor = Self.number(schema["multipleOf"]) {
            // As Pydantic does it: within what doubles lose.
            let rest = abs(number.truncatingRemainder(dividingBy: factor))
            let tolerance = abs(number) / 1e9
            if rest > tolerance, abs(rest - factor) > tolerance { return "\(number) is no multiple of \(factor)" }
        }
        return nil
    }

    private func stringFault(_ text: String, _ schema: JSONObject) -> String? {
        if let most = Self.number(schema["maxLength"]), Double(text.unicodeScalars.count) > most {
            return "\(text) is too long"
        }
        if case .string(let pattern)? = schema["pattern"] {
            guard let expression = try? NSRegularExpression(pattern: pattern) else { return "\(pattern) is no pattern" }
            let all = NSRange(text.startIndex..., in: text)
            if expression.firstMatch(in: text, range: all) == nil {
                return "\(text.debugDescription) does not match \(pattern)"
            }
        }
        if case .string(let format)? = schema["format"], !Self.isOf(format, text) { return "\(text) is no \(format)" }
        return nil
    }

    /// As the standards behind the formats say, by other means than patterns where there are some.
    private static func isOf(_ format: String, _ text: String) -> Bool {
        switch format {
        case "uuid": return UUID(uuidString: text) != nil
        case "ipv4", "ipv6":
            var bytes = [UInt8](repeating: 0, count: 16)
            return inet_pton(format == "ipv4" ? AF_INET : AF_INET6, text, &bytes) == 1
        case "date":
            let parts = text.split(separator: "-").compactMap { Int($0) }
            guard text.utf8.count == 10, parts.count == 3, 1...9999 ~= parts[0], 1...12 ~= parts[1] else {
                return false
            }
            let isLeap = parts[0] % 4 == 0 && (parts[0] % 100 != 0 || parts[0] % 400 == 0)
            let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            return 1...days[parts[1] - 1] ~= parts[2]
        case "time":
            let zone = text.hasSuffix("Z") ? text.dropLast() : text.dropLast(6)
            let parts = zone.split(separator: ":").compactMap { Double($0) }
            return parts.count == 3 && 0..<24 ~= parts[0] && 0..<60 ~= parts[1] && 0..<60 ~= parts[2]
        case "date-time":
            let parts = text.split(separator: "T", maxSplits: 1).map(String.init)
            return parts.count == 2 && isOf("date", parts[0]) && isOf("time", parts[1])
        case "email":
            let parts = text.split(separator: "@", omittingEmptySubsequences: false)
            return parts.count == 2 && !parts[0].isEmpty && isOf("hostname", String(parts[1])) && parts[1].contains(".")
        case "hostname":
            return text.utf8.count <= 253
                && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                    1...63 ~= label.utf8.count && label.first != "-" && label.last != "-"
                }
        case "uri": return URLComponents(string: text)?.scheme != nil && URL(string: text)?.host() != nil
        case "duration": return text.hasPrefix("P") && text.utf8.count > 2 && !text.hasSuffix("T")
        default: return false
        }
    }

    private func arrayFault(_ elements: [JSONValue], _ schema: JSONObject) -> String? {
        if let least = Self.number(schema["minItems"]), Double(elements.count) < least { return "too few elements" }
        if let most = Self.number(schema["maxItems"]), Double(elements.count) > most { return "too many elements" }
        if case .array(let tuple)? = schema["prefixItems"] {
            return zip(elements, tuple).lazy.compactMap { fault($0, $1) }.first
        }
        guard let items = schema["items"] else { return nil }
        return elements.lazy.compactMap { fault($0, items) }.first
    }

    private func objectFault(_ object: JSONObject, _ schema: JSONObject) -> String? {
        let properties = if case .object(let properties)? = schema["properties"] { properties } else { JSONObject() }
        if case .array(let required)? = schema["required"] {
            for case .string(let name) in required where object[name] == nil { return "'\(name)' is missing" }
        }
        for member in object.members {
            guard let property = properties[member.key] else {
                if schema["additionalProperties"] == false { return "'\(member.key)' is too many" }
                continue
            }
            if let fault = fault(member.value, property) { return fault }
        }
        return nil
    }
}
