/// A value of a form, where all fields are texts: the text is read as what another shape takes.
///
/// A value that is no text is handed on as it is.
struct FormText<Content: Shape>: Shape {
    let content: Content

    init(_ content: Content) { self.content = content }

    var name: ShapeName { content.name }
    var schema: JSONValue { content.schema }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> Content.Value {
        guard case .string(let text) = value else { return try content.decode(value, at: path) }
        // Texts such as "0.5", "true" and "{…}" are JSON; any other stays a text.
        let read = (try? JSONValue.parse(Array(text.utf8))) ?? value
        return try content.decode(read, at: path)
    }
}

/// One value or an array of them, as fields `name` and `name[]` of a form may be.
struct OneOrMany<Content: Shape>: Shape {
    let content: Content
    let most: Int

    init(_ content: Content, most: Int) {
        self.content = content
        self.most = most
    }

    var name: ShapeName { ListShape(of: content).name }
    var schema: JSONValue { ListShape(of: content, maximumCount: most).schema }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> [Content.Value] {
        guard case .array = value else { return [try content.decode(value, at: path)] }
        return try ListShape(of: content, maximumCount: most).decode(value, at: path)
    }
}
