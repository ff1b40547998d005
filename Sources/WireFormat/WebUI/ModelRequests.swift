// What text-generation-webui's clients ask of the models.

/// A request to load a model.
package struct LoadModelRequest: RequestBody, Equatable {
    /// The id of an installed model, never a path.
    package let model: String

    package init(json: JSONValue) throws(APIError) {
        model = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            let model = try reader.required(Self.name)
            _ = try reader.optional(Self.arguments)
            _ = try reader.optional(Self.settings)
            return model
        }
    }

    private static let name = Parameter("model_name", StringShape(minimumLength: 1, maximumLength: 1_000))
    private static let arguments = Parameter("args", SettledShape())
    private static let settings = Parameter("settings", SettledShape())
}

/// A request without parameters.
package struct EmptyRequest: RequestBody, Equatable {
    package init() {}

    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { _ throws(APIError) in EmptyRequest() }
    }
}

/// Settings of other programs' loaders: how a model is loaded is settled when this server starts, so each is refused by
/// its name.
private struct SettledShape: Shape {
    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> Bool {
        try ObjectReader.read(value, at: path) { _ throws(APIError) in true }
    }
}
