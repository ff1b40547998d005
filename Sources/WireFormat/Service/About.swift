/// What the server tells about itself.
package struct About: JSONRepresentable {
    package let name: String
    package let version: String
    package let description: String

    /// The libraries that compute, with their versions.
    package let engines: [(name: String, version: String)]

    /// The ids of the models that it serves.
    package let models: [String]

    /// The routes that it answers, such as `POST /v1/chat/completions`.
    package let endpoints: [String]

    package init(
        name: String,
        version: String,
        description: String,
        engines: [(name: String, version: String)],
        models: [String],
        endpoints: [String]
    ) {
        self.name = name
        self.version = version
        self.description = description
        self.engines = engines
        self.models = models
        self.endpoints = endpoints
    }

    package var json: JSONValue {
        [
            "name": .string(name),
            "version": .string(version),
            "description": .string(description),
            "engines": .object(JSONObject(engines.map { ($0.name, .string($0.version)) })),
            "models": .array(models.map(JSONValue.string)),
            "endpoints": .array(endpoints.map(JSONValue.string)),
        ]
    }
}
