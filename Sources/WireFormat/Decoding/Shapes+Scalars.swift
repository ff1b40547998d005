/// Anything at all, for what is accepted and not looked at.
struct AnyShape: Shape {
    var name: ShapeName { .anything }
    var schema: JSONValue { [:] }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> JSONValue { value }
}

/// A JSON Schema, which is an object; `JSONSchema` checks it.
struct JSONSchemaShape: Shape {
    var name: ShapeName { .object }
    var schema: JSONValue { ["type": "object"] }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> JSONValue { value }
}

/// `true` or `false`.
struct BooleanShape: Shape {
    var name: ShapeName { .boolean }
    var schema: JSONValue { ["type": "boolean"] }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> Bool {
        guard case .bool(let value) = value else { throw mismatch(value, at: path) }
        return value
    }
}

/// A whole number in a range; `1.0` is one, `1.5` is not.
struct IntegerShape: Shape {
    var minimum = Int64.min
    var maximum = Int64.max

    var name: ShapeName { .integer }
    var schema: JSONValue {
        .schema(
            "integer",
            [
                "minimum": minimum > .min ? .integer(minimum) : nil,
                "maximum": maximum < .max ? .integer(maximum) : nil,
            ]
        )
    }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> Int64 {
        switch value {
        case .integer(let number):
            try check(number < minimum, number > maximum, found: number.description, at: path)
            return number
        case .number(let number) where number.rounded() == number:
            guard let exact = Int64(exactly: number) else {
                try check(number < 0, number > 0, found: number.description, at: path)
                throw mismatch(value, at: path)
            }
            return try decode(.integer(exact), at: path)
        default:
            throw mismatch(value, at: path)
        }
    }

    private func check(_ isBelow: Bool, _ isAbove: Bool, found: String, at path: ParameterPath) throws(APIError) {
        if isBelow {
            throw .outOfRange(
                path,
                fault: "integer below minimum value",
                expected: "a value >= \(minimum)",
                found: found,
                code: "integer_below_min_value"
            )
        }
        if isAbove {
            throw .outOfRange(
                path,
                fault: "integer above maximum value",
                expected: "a value <= \(maximum)",
                found: found,
                code: "integer_above_max_value"
            )
        }
    }
}

/// A number in a range.
struct DecimalShape: Shape {
    let range: ClosedRange<Double>

    var name: ShapeName { .decimal }
    var schema: JSONValue {
        .schema(
            "number",
            [
                "minimum": range.lowerBound.isFinite ? .number(range.lowerBound) : nil,
                "maximum": range.upperBound.isFinite ? .number(range.upperBound) : nil,
            ]
        )
    }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> Double {
        let number: Double
        switch value {
        case .integer(let value): number = Double(value)
        case .number(let value): number = value
        default: throw mismatch(value, at: path)
        }
        if number < range.lowerBound {
            throw .outOfRange(
                path,
                fault: "decimal below minimum value",
                expected: "a value >= \(Self.text(range.lowerBound))",
                found: value.text,
                code: "decimal_below_min_value"
            )
        }
        if number > range.upperBound {
            throw .outOfRange(
                path,
                fault: "decimal above maximum value",
                expected: "a value <= \(Self.text(range.upperBound))",
                found: value.text,
                code: "decimal_above_max_value"
            )
        }
        return number
    }

    /// A bound without the `.0` of whole numbers.
    private static func text(_ bound: Double) -> String { Int64(exactly: bound)?.description ?? bound.description }
}
