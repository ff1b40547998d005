/// A request whose body is a form, `multipart/form-data`.
///
/// It is decoded like an object of JSON: a field is a text, or an array of them where its name ends with `[]`; a file is a
/// `FormFile`.
package protocol FormRequest: RequestBody {}

extension FormRequest {
    package static var contentType: String { "multipart/form-data" }
}

/// A file of a form.
package struct FormFile: Sendable, Equatable {
    /// Which part of the form it is.
    package let part: Int

    package init(part: Int) { self.part = part }

    /// As a form's decoder finds it.
    package var json: JSONValue { [Self.key: JSONValue(part)] }

    fileprivate static let key = "part"
}

/// A file; text fields can't be taken for one.
struct FormFileShape: Shape {
    let name = ShapeName(singular: "a file", plural: "files")
    var schema: JSONValue { ["type": "string", "format": "binary"] }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> FormFile {
        guard case .object(let object) = value, case .integer(let part)? = object[FormFile.key] else {
            throw mismatch(value, at: path)
        }
        return FormFile(part: Int(part))
    }
}
