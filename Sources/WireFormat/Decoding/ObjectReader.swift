/// Reads the members of one object of a request, and knows afterwards which were not asked for.
///
/// An explicit null is the same as an absent member where the member is optional.
struct ObjectReader: ~Copyable {
    /// More members than any object of the API has: beyond it, some are unknown, and looking them up would be slow.
    private static let maximumMembers = 256

    let path: ParameterPath
    private let object: JSONObject
    private var readKeys: [String] = []
    /// Takes down what is asked for where nothing is to be decoded.
    private let recorder: ParameterRecorder?

    private init(_ value: JSONValue, at path: ParameterPath) throws(APIError) {
        guard case .object(let object) = value else {
            throw .invalidType(value, at: path, expected: ShapeName.object.singular)
        }
        try object.checkCount(maximum: Self.maximumMembers, at: path)
        self.object = object
        self.path = path
        recorder = ParameterRecorder.take()
    }

    /// Reads an object, and refuses it if it has members that `read` did not ask for.
    ///
    /// - Throws: what `read` throws, and `APIError` for unknown members or where `value` is no object.
    static func read<Value>(
        _ value: JSONValue,
        at path: ParameterPath,
        _ read: (inout ObjectReader) throws(APIError) -> Value
    ) throws(APIError) -> Value {
        var reader = try ObjectReader(value, at: path)
        let result = try read(&reader)
        try reader.refuseUnknown()
        return result
    }

    /// The value of a parameter, or nil where it is absent or null.
    mutating func optional<Content: Shape>(_ parameter: Parameter<Content>) throws(APIError) -> Content.Value? {
        let example = recorder?.optional(parameter.name, parameter.shape.schema)
        guard let value = example ?? take(parameter.name), value != .null else { return nil }
        return try parameter.shape.decode(value, at: path.member(parameter.name))
    }

    /// The value of a parameter that must be there.
    mutating func required<Content: Shape>(_ parameter: Parameter<Content>) throws(APIError) -> Content.Value {
        let path = path.member(parameter.name)
        if let recorder {
            return try parameter.shape.decode(recorder.required(parameter.name, parameter.shape.schema), at: path)
        }
        guard let value = take(parameter.name) else { throw .missing(path) }
        return try parameter.shape.decode(value, at: path)
    }

    /// Checks parameters that have no effect here, and refuses those that would have one.
    mutating func check(_ parameters: [DormantParameter]) throws(APIError) {
        for parameter in parameters {
            _ = recorder?.optional(parameter.name, parameter.schema)
            guard let value = take(parameter.name), value != .null else { continue }
            try parameter.check(value, at: path.member(parameter.name))
        }
    }

    /// Whether there is a member that is refused wherever it is; descriptions leave it out.
    func holds(refused name: String) -> Bool {
        recorder?.hide(name)
        return object[name] != nil
    }

    private mutating func take(_ key: String) -> JSONValue? {
        guard let value = object[key] else { return nil }
        if !readKeys.contains(key) { readKeys.append(key) }
        return value
    }

    private func refuseUnknown() throws(APIError) {
        guard readKeys.count < object.members.count else { return }
        guard let unknown = object.members.first(where: { !readKeys.contains($0.key) }) else { return }
        throw .unknownParameter(path.member(unknown.key))
    }
}
