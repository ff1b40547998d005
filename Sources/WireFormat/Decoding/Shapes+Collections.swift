/// A list of values of one shape.
struct ListShape<Element: Shape>: Shape {
    let element: Element
    var minimumCount = 0
    var maximumCount = Int.max

    init(of element: Element, minimumCount: Int = 0, maximumCount: Int = .max) {
        self.element = element
        self.minimumCount = minimumCount
        self.maximumCount = maximumCount
    }

    var name: ShapeName {
        ShapeName(singular: "an array of \(element.name.plural)", plural: "arrays of \(element.name.plural)")
    }

    var schema: JSONValue {
        .schema(
            "array",
            [
                "items": element.schema,
                "minItems": minimumCount > 0 ? JSONValue(minimumCount) : nil,
                "maxItems": maximumCount < .max ? JSONValue(maximumCount) : nil,
            ]
        )
    }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> [Element.Value] {
        guard case .array(let elements) = value else { throw mismatch(value, at: path) }
        if elements.count < minimumCount {
            throw .outOfRange(
                path,
                fault: elements.isEmpty ? "empty array" : "array too short",
                expected: "an array with minimum length \(minimumCount)",
                found: elements.isEmpty ? "an empty array" : "an array with length \(elements.count)",
                code: elements.isEmpty ? "empty_array" : "array_below_min_length"
            )
        }
        if elements.count > maximumCount {
            throw .outOfRange(
                path,
                fault: "array too long",
                expected: "an array with maximum length \(maximumCount)",
                found: "an array with length \(elements.count)",
                code: "array_above_max_length"
            )
        }
        var values: [Element.Value] = []
        values.reserveCapacity(elements.count)
        for (index, value) in elements.enumerated() {
            values.append(try element.decode(value, at: path.element(index)))
        }
        return values
    }
}

/// An object whose keys the client chooses, with values of one shape.
struct MapShape<Element: Shape>: Shape {
    let element: Element
    var maximumCount = Int.max
    var maximumKeyLength = Int.max

    var name: ShapeName { .object }

    var schema: JSONValue {
        .schema(
            "object",
            [
                "additionalProperties": element.schema,
                "maxProperties": maximumCount < .max ? JSONValue(maximumCount) : nil,
                "propertyNames": maximumKeyLength < .max ? ["maxLength": JSONValue(maximumKeyLength)] : nil,
            ]
        )
    }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> [(key: String, value: Element.Value)] {
        guard case .object(let object) = value else { throw mismatch(value, at: path) }
        try object.checkCount(maximum: maximumCount, at: path)
        let key = StringShape(maximumLength: maximumKeyLength)
        var entries: [(key: String, value: Element.Value)] = []
        entries.reserveCapacity(object.members.count)
        for member in object.members {
            let path = path.member(member.key)
            _ = try key.decode(.string(member.key), at: path)
            entries.append((member.key, try element.decode(member.value, at: path)))
        }
        return entries
    }
}

extension JSONObject {
    /// Refuses an object with more members than `maximum`.
    func checkCount(maximum: Int, at path: ParameterPath) throws(APIError) {
        guard members.count > maximum else { return }
        throw .outOfRange(
            path,
            fault: "too many properties",
            expected: "an object with at most \(maximum) properties",
            found: "an object with \(members.count) properties",
            code: "object_above_max_properties"
        )
    }
}
