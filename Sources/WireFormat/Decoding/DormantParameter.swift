/// A parameter of OpenAI's API, or of llama.cpp's, that does nothing in this server.
///
/// One that cannot change the answer is accepted. One that could is accepted with the values that ask for what
/// happens anyway, and refused otherwise: nobody gets another answer than the one they asked for.
struct DormantParameter: Sendable {
    private enum Rule {
        case accepted(any Shape)
        case limited(to: [JSONValue])
    }

    let name: String
    private let rule: Rule

    /// A parameter that is checked for its shape and otherwise ignored.
    static func accepts(_ name: String, _ shape: some Shape) -> DormantParameter {
        DormantParameter(name: name, rule: .accepted(shape))
    }

    /// A parameter that is refused unless it has one of the values that change nothing.
    static func refuses(_ name: String, except harmless: [JSONValue] = []) -> DormantParameter {
        DormantParameter(name: name, rule: .limited(to: harmless))
    }

    /// What is accepted, as JSON Schema; `x-support` says that it does nothing, or nothing else than what happens anyway.
    var schema: JSONValue {
        switch rule {
        case .accepted(let shape): shape.schema.adding(["x-support": "no effect"])
        case .limited(let harmless): ["enum": .array(harmless + [.null]), "x-support": "refused"]
        }
    }

    /// Refuses a value that would have to change the answer.
    func check(_ value: JSONValue, at path: ParameterPath) throws(APIError) {
        switch rule {
        case .accepted(let shape):
            _ = try shape.decode(value, at: path)
        case .limited(let harmless):
            guard !harmless.contains(where: { $0.isSame(as: value) }) else { return }
            // Values that only say "nothing" are no choice worth listing.
            let choices = harmless.filter { $0 != [] && $0 != [:] && $0 != "" }
            guard !choices.isEmpty else { throw .unsupported(path) }
            throw .unsupportedValue(value.brief, at: path, supported: choices.map(\.text))
        }
    }
}

extension JSONValue {
    /// Equality that takes `1` and `1.0` for the same.
    fileprivate func isSame(as other: JSONValue) -> Bool {
        switch (self, other) {
        case (.integer(let integer), .number(let number)), (.number(let number), .integer(let integer)):
            Double(integer) == number
        default: self == other
        }
    }

    /// The value itself where it is small, its type otherwise.
    fileprivate var brief: String {
        switch self {
        case .array, .object: typeName
        default: text
        }
    }
}
