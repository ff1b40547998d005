/// What a value in a request must look like.
///
/// A shape is data: it decodes values, and whoever documents the API can read its limits.
protocol Shape<Value>: Sendable {
    associatedtype Value

    /// What a value of this shape is called in messages.
    var name: ShapeName { get }

    /// The same for programs, as JSON Schema.
    ///
    /// A shape that decodes an object with an `ObjectReader` need not say it.
    var schema: JSONValue { get }

    /// The value, checked.
    ///
    /// - Throws: `APIError` that names `path`, for a value of another shape.
    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> Value
}

/// What values of a shape are called: `a string`, `strings`.
struct ShapeName: Sendable {
    let singular: String
    let plural: String

    static let anything = ShapeName(singular: "a value", plural: "values")
    static let boolean = ShapeName(singular: "a boolean", plural: "booleans")
    static let integer = ShapeName(singular: "an integer", plural: "integers")
    static let decimal = ShapeName(singular: "a decimal", plural: "decimals")
    static let string = ShapeName(singular: "a string", plural: "strings")
    static let object = ShapeName(singular: "an object", plural: "objects")
}

extension Shape {
    /// The fault of a value that has another type than this shape.
    func mismatch(_ value: JSONValue, at path: ParameterPath) -> APIError {
        .invalidType(value, at: path, expected: name.singular)
    }
}

/// A named member of a request and what it must look like.
struct Parameter<Content: Shape>: Sendable {
    let name: String
    let shape: Content

    init(_ name: String, _ shape: Content) {
        self.name = name
        self.shape = shape
    }
}
