import HTTP
import WireFormat

extension HTTPRequest {
    /// The request that a form holds, and the form with its files.
    ///
    /// - Throws: 415 where the body is not declared to be a form; 400 for what is wrong with it.
    func decode<Body: FormRequest>(form type: Body.Type) throws -> (body: Body, form: MultipartForm) {
        let form = try form()
        return (try Body(json: .object(try form.object)), form)
    }
}

extension MultipartForm {
    /// The file that a request names.
    subscript(file: FormFile) -> ArraySlice<UInt8> { parts[file.part].content }

    /// The form as an object of JSON: texts, arrays of texts for names that end with `[]`, objects for names with a member's
    /// in brackets (`chunking_strategy[type]`), and files.
    fileprivate var object: JSONObject {
        get throws(APIError) {
            var names: [String] = []
            var values: [String: [JSONValue]] = [:]
            for (index, part) in parts.enumerated() {
                if values[part.name] == nil { names.append(part.name) }
                values[part.name, default: []].append(try part.json(index))
            }
            var object = JSONObject()
            var objects: [String] = []
            var members: [String: JSONObject] = [:]
            for name in names {
                let found = values[name] ?? []
                if name.hasSuffix("[]") {
                    object.append(String(name.dropLast(2)), .array(found))
                } else if found.count == 1, let (outer, member) = name.bracketed {
                    if members[outer] == nil { objects.append(outer) }
                    members[outer, default: JSONObject()].append(member, found[0])
                } else if found.count == 1 {
                    object.append(name, found[0])
                } else {
                    throw .invalidRequest("The form has several parts named '\(name.prefix(100))'.", param: name)
                }
            }
            for name in objects where object[name] == nil {
                object.append(name, members[name].map { .object($0) } ?? [:])
            }
            return object
        }
    }
}

extension String {
    /// The two names of `outer[member]`.
    fileprivate var bracketed: (outer: String, member: String)? {
        guard let match = wholeMatch(of: /([^\[\]]+)\[([^\[\]]+)\]/) else { return nil }
        return (String(match.1), String(match.2))
    }
}

extension MultipartForm.Part {
    fileprivate func json(_ index: Int) throws(APIError) -> JSONValue {
        guard filename == nil else { return FormFile(part: index).json }
        guard let text else {
            throw .invalidRequest("The form's part '\(name.prefix(100))' is no UTF-8.", param: name)
        }
        return .string(text)
    }
}
