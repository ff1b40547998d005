/// Whether the server can answer.
package struct Health: JSONRepresentable, Equatable {
    /// The server as a whole, or one of its parts.
    package enum Status: String, Sendable, CaseIterable {
        case ok, loading, stopping, failed
    }

    /// A part of the server, such as a model.
    package struct Component: Sendable, Equatable {
        package let name: String
        package let status: Status

        package init(name: String, status: Status) {
            self.name = name
            self.status = status
        }
    }

    package let status: Status
    package let components: [Component]

    package init(status: Status, components: [Component] = []) {
        self.status = status
        self.components = components
    }

    package var json: JSONValue {
        let components = components.map { ($0.name, JSONValue.string($0.status.rawValue)) }
        return ["status": .string(status.rawValue), "components": .object(JSONObject(components))]
    }
}
