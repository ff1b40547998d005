/// Writes a schema anew, node by node, so that all of it is enforced: in words that llama.cpp makes a grammar of, or with
/// the grammar beside them.
struct SchemaWriter {
    /// So many schemas may stand within one.
    private static let maximumNodes = 5_000
    /// llama.cpp names rules after the way to them: their lengths together.
    private static let maximumNames = 4_000_000
    /// It writes a rule for each pair of properties that may be left out.
    private static let maximumOptionalProperties = 200

    /// What says nothing about which values are valid.
    private static let annotations: Set<String> = [
        "title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly", "$comment",
        "$schema", "$id", "id", "$anchor", "$defs", "definitions", "discriminator", "contentMediaType",
        "contentEncoding", "contentSchema",
    ]
    /// What no grammar here enforces, whatever the type.
    private static let refused: [String] = [
        "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "dependencies", "unevaluatedProperties",
        "unevaluatedItems", "$dynamicRef", "$recursiveRef", "nullable",
    ]

    private let root: JSONValue
    let isStrict: Bool
    private let path: ParameterPath
    private var nodes = 0
    private var names = 0
    private var refersToRoot = false

    init(root: JSONValue, isStrict: Bool, path: ParameterPath) {
        self.root = root
        self.isStrict = isStrict
        self.path = path
    }

    mutating func write() throws(APIError) -> JSONValue {
        var schema = try node(root, at: path, nameLength: 0)
        if refersToRoot {
            // llama.cpp follows no reference to the root itself: a copy of it stands among the definitions.
            guard case .object(let whole) = schema else { return schema }
            let copy = JSONObject(members: whole.members.filter { $0.key != "$defs" && $0.key != "definitions" })
            var definitions = if case .object(let object)? = whole["$defs"] { object } else { JSONObject() }
            definitions.append(Self.rootName, .object(copy))
            schema = .object(whole.replacing("$defs", with: .object(definitions)))
        }
        try checkReferences(in: schema, root: schema)
        return schema
    }

    private static let rootName = "the-root-itself"

    /// Refuses a keyword in a strict schema.
    func refuse(_ keyword: String, at path: ParameterPath, because reason: String = "can't be enforced")
        throws(APIError)
    {
        guard isStrict else { return }
        throw .invalidRequest(
            "Invalid schema for \(self.path.quoted): '\(keyword.clipped())' \(reason) in a strict schema "
                + "(at \(path.quoted)).",
            param: self.path.name,
            code: "invalid_schema"
        )
    }

    private func invalid(_ reason: String, at path: ParameterPath) -> APIError {
        .invalidRequest(
            "Invalid schema for \(self.path.quoted): \(reason) (at \(path.quoted)).",
            param: self.path.name,
            code: "invalid_schema"
        )
    }

    // MARK: nodes

    mutating func node(_ value: JSONValue, at path: ParameterPath, nameLength: Int) throws(APIError) -> JSONValue {
        nodes += 1
        names += nameLength
        guard nodes <= Self.maximumNodes else {
            throw invalid("it holds more than \(Self.maximumNodes) schemas", at: path)
        }
        guard names <= Self.maximumNames else { throw invalid("the names of its properties are too long", at: path) }
        var schema: JSONObject
        switch value {
        case .object(let object):
            schema = JSONObject(members: object.members.filter { $0.key != JSONSchema.grammarKey })
        case .bool(true): return [:]
        case .bool(false):
            try refuse("false", at: path)
            return [:]
        default: throw .invalidType(value, at: path, expected: "an object")
        }
        for key in ["$defs", "definitions"] {
            guard case .object(let definitions)? = schema[key] else { continue }
            schema = schema.replacing(
                key,
                with: .object(try map(definitions, at: path.member(key), nameLength: nameLength))
            )
        }
        for keyword in Self.refused where schema[keyword] != nil {
            if keyword.hasPrefix("unevaluated"), schema[keyword] == false { continue }
            try refuse(keyword, at: path)
        }
        if let reference = schema["$ref"] { return try self.reference(reference, in: schema, at: path) }
        if schema["anyOf"] != nil || schema["oneOf"] != nil {
            return .object(try alternatives(schema, at: path, nameLength: nameLength))
        }
        if schema["allOf"] != nil { return try intersection(schema, at: path, nameLength: nameLength) }
        if schema["enum"] != nil || schema["const"] != nil { return .object(try values(schema, at: path)) }
        return .object(try typed(schema, at: path, nameLength: nameLength))
    }

    private mutating func map(_ object: JSONObject, at path: ParameterPath, nameLength: Int) throws(APIError)
        -> JSONObject
    {
        var members: [JSONObject.Member] = []
        for member in object.members {
            let length = nameLength + member.key.utf8.count + 8
            let written = try node(member.value, at: path.member(member.key), nameLength: length)
            members.append(JSONObject.Member(key: member.key, value: written))
        }
        return JSONObject(members: members)
    }

    private mutating func list(_ elements: [JSONValue], at path: ParameterPath, nameLength: Int) throws(APIError)
        -> [JSONValue]
    {
        var written: [JSONValue] = []
        for (index, element) in elements.enumerated() {
            written.append(try node(element, at: path.element(index), nameLength: nameLength + 8))
        }
        return written
    }

    private func siblings(of keyword: String, in schema: JSONObject) -> [String] {
        schema.members.map(\.key).filter { $0 != keyword && !Self.annotations.contains($0) }
    }

    private mutating func reference(_ value: JSONValue, in schema: JSONObject, at path: ParameterPath) throws(APIError)
        -> JSONValue
    {
        guard case .string(let target) = value else {
            throw .invalidType(value, at: path.member("$ref"), expected: "a string")
        }
        if let sibling = siblings(of: "$ref", in: schema).first {
            try refuse(sibling, at: path, because: "beside '$ref' can't be enforced")
        }
        guard target == "#" else { return .object(schema) }
        refersToRoot = true
        return .object(schema.replacing("$ref", with: .string("#/$defs/\(Self.rootName)")))
    }

    private mutating func alternatives(_ schema: JSONObject, at path: ParameterPath, nameLength: Int) throws(APIError)
        -> JSONObject
    {
        let keyword = schema["oneOf"] != nil ? "oneOf" : "anyOf"
        if let sibling = siblings(of: keyword, in: schema).first {
            try refuse(sibling, at: path, because: "beside '\(keyword)' can't be enforced")
            // What the properties say goes for all alternatives, and shapes the answer more.
            if schema["properties"] != nil {
                let rest = schema.members.filter { $0.key != "anyOf" && $0.key != "oneOf" }
                return try typed(JSONObject(members: rest), at: path, nameLength: nameLength)
            }
        }
        guard case .array(let elements)? = schema[keyword], !elements.isEmpty else {
            throw invalid("'\(keyword)' must be an array of schemas", at: path)
        }
        if keyword == "oneOf", !SchemaDistinction(root: root).areDistinct(elements) {
            try refuse("oneOf", at: path, because: "of alternatives that can be valid together can't be enforced")
        }
        let written = try list(elements, at: path.member(keyword), nameLength: nameLength)
        return schema.replacing(keyword, with: .array(written))
    }

    private mutating func intersection(_ schema: JSONObject, at path: ParameterPath, nameLength: Int) throws(APIError)
        -> JSONValue
    {
        guard case .array(let elements)? = schema["allOf"], !elements.isEmpty else {
            throw invalid("'allOf' must be an array of schemas", at: path)
        }
        let others = siblings(of: "allOf", in: schema)
        if elements.count == 1, others.isEmpty, schema["$defs"] == nil, schema["definitions"] == nil {
            return try node(elements[0], at: path.member("allOf").element(0), nameLength: nameLength)
        }
        try refuse("allOf", at: path)
        let written = try list(elements, at: path.member("allOf"), nameLength: nameLength)
        let replaced = schema.replacing("allOf", with: .array(written))
        return .object(schema["properties"] == nil ? replaced : try typed(replaced, at: path, nameLength: nameLength))
    }

    private mutating func values(_ schema: JSONObject, at path: ParameterPath) throws(APIError) -> JSONObject {
        let keyword = schema["const"] != nil ? "const" : "enum"
        var values = [schema["const"] ?? .null]
        if keyword == "enum" {
            guard case .array(let elements)? = schema["enum"], !elements.isEmpty else {
                throw invalid("'enum' must be an array of at least one value", at: path)
            }
            values = elements
        }
        for sibling in siblings(of: keyword, in: schema) where sibling != "type" {
            try refuse(sibling, at: path, because: "beside '\(keyword)' can't be enforced")
        }
        if let type = schema["type"] {
            let types = try Self.types(type).unwrapped { invalid("'type' is malformed", at: path) }
            guard !isStrict || values.allSatisfy({ value in types.contains { $0.holds(value) } }) else {
                throw invalid("a value of '\(keyword)' is not of its type", at: path)
            }
        }
        return schema
    }

    // MARK: types

    enum Kind: String {
        case object, array, string, integer, number, boolean, null

        func holds(_ value: JSONValue) -> Bool {
            switch (self, value) {
            case (.object, .object), (.array, .array), (.string, .string), (.integer, .integer), (.number, .integer),
                (.number, .number), (.boolean, .bool), (.null, .null):
                true
            case (.integer, .number(let number)): number.rounded() == number
            default: false
            }
        }
    }

    static func types(_ value: JSONValue) -> [Kind]? {
        switch value {
        case .string(let name): return Kind(rawValue: name).map { [$0] }
        case .array(let elements):
            var kinds: [Kind] = []
            for element in elements {
                guard case .string(let name) = element, let kind = Kind(rawValue: name), !kinds.contains(kind) else {
                    return nil
                }
                kinds.append(kind)
            }
            return kinds.isEmpty ? nil : kinds
        default: return nil
        }
    }

    private mutating func typed(_ schema: JSONObject, at path: ParameterPath, nameLength: Int) throws(APIError)
        -> JSONObject
    {
        var schema = schema
        let kinds: [Kind]
        if let type = schema["type"] {
            guard let known = Self.types(type) else {
                throw invalid("'type' must name one or several of JSON's types, each once", at: path)
            }
            kinds = known
        } else if schema["properties"] != nil || schema["required"] != nil || schema["additionalProperties"] != nil {
            kinds = [.object]
            schema = schema.replacing("type", with: "object")
        } else if schema["items"] != nil || schema["prefixItems"] != nil {
            kinds = [.array]
            schema = schema.replacing("type", with: "array")
        } else if schema["pattern"] != nil || schema["minLength"] != nil || schema["maxLength"] != nil
            || schema["format"] != nil
        {
            kinds = [.string]
            schema = schema.replacing("type", with: "string")
        } else {
            if let keyword = siblings(of: "", in: schema).first(where: Self.isConstraint) {
                try refuse(keyword, at: path)
            }
            return schema
        }
        var grammars: [(kind: Kind, text: String?)] = []
        for kind in kinds {
            var grammar: String?
            switch kind {
            case .object: try object(&schema, at: path, nameLength: nameLength)
            case .array: try array(&schema, at: path, nameLength: nameLength)
            case .string: grammar = try string(&schema, at: path)
            case .integer: grammar = try integer(&schema, isAlone: kinds.count == 1, at: path)
            case .number: grammar = try number(schema, isInteger: false, at: path)
            case .boolean, .null: break
            }
            grammars.append((kind, grammar))
        }
        if kinds.count == 1, let grammar = grammars[0].text {
            schema.append(JSONSchema.grammarKey, .string(grammar))
        } else if grammars.contains(where: { $0.text != nil }) {
            let alternatives = grammars.map { kind, text -> JSONValue in
                let name = JSONValue.string(kind.rawValue)
                return text.map { .object(JSONObject([("type", name), (JSONSchema.grammarKey, .string($0))])) } ?? name
            }
            schema.append(JSONSchema.grammarKey, .array(alternatives))
        }
        return schema
    }

    private static func isConstraint(_ keyword: String) -> Bool {
        [
            "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems",
            "uniqueItems", "contains", "minProperties", "maxProperties", "patternProperties", "propertyNames",
        ].contains(keyword)
    }

    private mutating func object(_ schema: inout JSONObject, at path: ParameterPath, nameLength: Int) throws(APIError) {
        for key in ["patternProperties", "propertyNames"] where schema[key] != nil { try refuse(key, at: path) }
        var required: [String] = []
        if case .array(let names)? = schema["required"] {
            required = names.compactMap { if case .string(let name) = $0 { name } else { nil } }
        }
        var properties = JSONObject()
        if let value = schema["properties"] {
            guard case .object(let object) = value else { throw invalid("'properties' must be an object", at: path) }
            properties = try map(object, at: path.member("properties"), nameLength: nameLength)
        }
        let additional = schema["additionalProperties"]
        var other: JSONValue = [:]
        switch additional {
        case nil, .bool: break
        case .some(let value):
            other = try node(value, at: path.member("additionalProperties"), nameLength: nameLength + 20)
        }
        guard required.count <= Self.maximumNodes else { throw invalid("'required' is too long", at: path) }
        var named = Set(properties.members.map(\.key))
        for name in required where named.insert(name).inserted {
            if additional == false {
                throw invalid("'required' asks for '\(name.clipped())', which is not allowed", at: path)
            }
            properties.append(name, other)
        }
        let needed = Set(required)
        let optional = properties.members.count { !needed.contains($0.key) }
        guard optional <= Self.maximumOptionalProperties else {
            throw invalid(
                "an object has \(optional) properties that may be left out; at most \(Self.maximumOptionalProperties) may",
                at: path
            )
        }
        if let least = schema["minProperties"], properties.members.isEmpty || Self.count(least) ?? .max > required.count
        {
            try refuse("minProperties", at: path)
        }
        if let most = schema["maxProperties"],
            properties.members.isEmpty || Self.count(most) ?? -1 < properties.members.count
        {
            try refuse("maxProperties", at: path)
        }
        if !properties.members.isEmpty {
            schema = schema.replacing("properties", with: .object(properties))
            if additional != nil { schema = schema.replacing("additionalProperties", with: false) }
        } else if additional != nil, additional != true, additional != false {
            schema = schema.replacing("additionalProperties", with: other)
        }
    }

    private mutating func array(_ schema: inout JSONObject, at path: ParameterPath, nameLength: Int) throws(APIError) {
        if schema["uniqueItems"] == true { try refuse("uniqueItems", at: path) }
        if schema["contains"] != nil { try refuse("contains", at: path) }
        let least = schema["minItems"].flatMap(Self.count)
        let most = schema["maxItems"].flatMap(Self.count)
        guard least ?? 0 <= most ?? .max else { throw invalid("'minItems' is more than 'maxItems'", at: path) }
        var tuple: (key: String, elements: [JSONValue])?
        for key in ["prefixItems", "items"] {
            if tuple == nil, case .array(let elements)? = schema[key] { tuple = (key, elements) }
        }
        if let tuple {
            // An array of exactly these.
            if tuple.elements.count < least ?? 0 { try refuse("minItems", at: path) }
            if tuple.elements.count > most ?? .max { try refuse("maxItems", at: path) }
            let written = try list(tuple.elements, at: path.member(tuple.key), nameLength: nameLength)
            let rest = schema.members.filter { $0.key != "items" && $0.key != "prefixItems" }
            schema = JSONObject(members: rest)
            schema.append("prefixItems", .array(written))
        } else if let items = schema["items"] {
            if items == false, most != 0 {
                schema = schema.replacing("maxItems", with: 0)
                if least ?? 0 > 0 { throw invalid("'items' allows none of 'minItems'", at: path) }
            }
            let written = items == false ? [:] : try node(items, at: path.member("items"), nameLength: nameLength + 5)
            schema = schema.replacing("items", with: written)
        }
    }

    /// - Returns: GBNF of the texts, where llama.cpp can't hold them to the schema.
    private mutating func string(_ schema: inout JSONObject, at path: ParameterPath) throws(APIError) -> String? {
        let lengths = ["minLength", "maxLength"].filter { schema[$0] != nil && schema[$0] != 0 }
        let least = schema["minLength"].flatMap(Self.count)
        guard least ?? 0 <= schema["maxLength"].flatMap(Self.count) ?? .max else {
            throw invalid("'minLength' is more than 'maxLength'", at: path)
        }
        if case .string(let pattern)? = schema["pattern"] {
            for key in lengths + (schema["format"] == nil ? [] : ["format"]) {
                try refuse(key, at: path, because: "beside 'pattern' can't be enforced")
            }
            do throws(TextPattern.Fault) {
                return try TextPattern(StringFormat.knownPatterns[pattern] ?? pattern).grammar
            } catch {
                try refuse("pattern", at: path, because: "can't be enforced (\(error.description))")
                schema = JSONObject(members: schema.members.filter { $0.key != "pattern" })
            }
            return nil
        }
        guard case .string(let format)? = schema["format"], !StringFormat.ofAnyText.contains(format) else { return nil }
        for key in lengths { try refuse(key, at: path, because: "beside 'format' can't be enforced") }
        // llama.cpp knows UUIDs.
        if format == "uuid" { return nil }
        guard let pattern = StringFormat.patterns[format], let pattern = try? TextPattern(pattern) else {
            try refuse("format", at: path, because: "'\(format.clipped())' can't be enforced")
            return nil
        }
        return pattern.grammar
    }

    private static let bounds = ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"]

    /// - Returns: GBNF of the numbers, where llama.cpp can't hold them to the schema.
    private mutating func integer(_ schema: inout JSONObject, isAlone: Bool, at path: ParameterPath) throws(APIError)
        -> String?
    {
        // Both bounds at once: llama.cpp is exact then, and not always with one of them.
        let limit = 999_999_999_999_999.0
        var (least, most) = (-limit, limit)
        for key in Self.bounds {
            guard let value = schema[key] else { continue }
            guard let bound = Self.number(value) else { throw invalid("'\(key)' must be a number", at: path) }
            switch key {
            case "minimum": least = max(least, bound.rounded(.up))
            case "exclusiveMinimum": least = max(least, bound.rounded(.down) + 1)
            case "maximum": most = min(most, bound.rounded(.down))
            default: most = min(most, bound.rounded(.up) - 1)
            }
        }
        guard least <= most, least <= limit, most >= -limit else {
            throw invalid("no integer of 15 digits is within its bounds", at: path)
        }
        if !isAlone || schema["multipleOf"] ?? 1 != 1 { return try number(schema, isInteger: true, at: path) }
        guard Self.bounds.contains(where: { schema[$0] != nil }) else { return nil }
        schema = JSONObject(members: schema.members.filter { !Self.bounds.contains($0.key) })
        schema.append("minimum", .integer(Int64(least)))
        schema.append("maximum", .integer(Int64(most)))
        return nil
    }

    /// - Returns: GBNF of the numbers within bounds; nil where there are none.
    private func number(_ schema: JSONObject, isInteger: Bool, at path: ParameterPath) throws(APIError) -> String? {
        guard (Self.bounds + ["multipleOf"]).contains(where: { schema[$0] != nil }) else { return nil }
        var range = NumberRange(isInteger: isInteger)
        for key in Self.bounds {
            guard let value = schema[key] else { continue }
            guard let number = DecimalNumber(value), let order = Self.number(value) else {
                throw invalid("'\(key)' must be a number", at: path)
            }
            let bound = NumberRange.Bound(value: number, order: order, isExclusive: key.hasPrefix("exclusive"))
            if key.hasSuffix("inimum") { range.raise(to: bound) } else { range.lower(to: bound) }
        }
        if let value = schema["multipleOf"] {
            guard let factor = DecimalNumber(value), let order = Self.number(value), order > 0 else {
                throw invalid("'multipleOf' must be a number above 0", at: path)
            }
            do throws(NumberMultiples.TooMany) {
                let multiples = try NumberMultiples(of: factor, in: range)
                if let expression = multiples.expression {
                    return ([expression] + multiples.rules).joined(separator: "\n")
                }
            } catch {
                try refuse("multipleOf", at: path, because: "of this number can't be enforced")
                return range.expression
            }
            throw invalid("no multiple of 15 digits is within its bounds", at: path)
        }
        guard let expression = range.expression else {
            throw invalid("no number of 15 digits is within its bounds", at: path)
        }
        return expression
    }

    private static func number(_ value: JSONValue) -> Double? {
        switch value {
        case .integer(let integer): Double(integer)
        case .number(let number): number
        default: nil
        }
    }

    private static func count(_ value: JSONValue) -> Int? { number(value).flatMap { Int(exactly: $0) } }

    // MARK: references

    /// Refuses references that lead nowhere.
    private func checkReferences(in value: JSONValue, root: JSONValue) throws(APIError) {
        switch value {
        case .object(let object):
            if case .string(let target)? = object["$ref"], SchemaDistinction.resolve(target, in: root) == nil {
                throw invalid("the reference '\(target.clipped())' leads nowhere in the schema", at: path)
            }
            for member in object.members where !["enum", "const", "default", "examples"].contains(member.key) {
                try checkReferences(in: member.value, root: root)
            }
        case .array(let elements):
            for element in elements { try checkReferences(in: element, root: root) }
        default: break
        }
    }
}

extension JSONObject {
    /// The object with another value for a key, which is appended where it is new.
    func replacing(_ key: String, with value: JSONValue) -> JSONObject {
        var members = members
        if let index = members.firstIndex(where: { $0.key == key }) {
            members[index] = Member(key: key, value: value)
        } else {
            members.append(Member(key: key, value: value))
        }
        return JSONObject(members: members)
    }
}

extension Optional {
    /// The value, or the error for there being none.
    fileprivate func unwrapped(_ fault: () -> APIError) throws(APIError) -> Wrapped {
        guard let self else { throw fault() }
        return self
    }
}
