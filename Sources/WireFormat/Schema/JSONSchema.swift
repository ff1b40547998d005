/// JSON Schema as far as llama.cpp makes grammars of it.
///
/// llama.cpp passes over keywords that it does not know, and over some that it knows where others stand beside them.
/// `checked` knows which, and writes schemas so that what a grammar lets through is valid.
package enum JSONSchema {
    /// What a schema's own grammar stands under: GBNF of its values, whatever else the schema says, and further lines of
    /// rules, whose names begin with `@`.
    ///
    /// Where several types are possible, it is an array of such schemas, and of the names of types for which the schema
    /// holds as it is. The native side gives the rules names of their own, and shows models schemas without it.
    package static let grammarKey = "$grammar"

    /// A schema of which a grammar can be made in bounded time and memory.
    ///
    /// The grammar lets through less than the schema where that is simpler: an object that names properties has no others.
    ///
    /// - Parameters:
    ///   - schema: As a client sent it.
    ///   - isStrict: Whether every answer must be valid; otherwise what can't be enforced is passed over.
    ///   - path: Where in the request it stands.
    /// - Returns: The schema, written anew where llama.cpp would not enforce it as it is.
    /// - Throws: 400 that names the keyword which can't be enforced, or the bound.
    static func checked(_ schema: JSONValue, isStrict: Bool, at path: ParameterPath) throws(APIError) -> JSONValue {
        guard case .object = schema else { throw .invalidType(schema, at: path, expected: "an object") }
        var writer = SchemaWriter(root: schema, isStrict: isStrict, path: path)
        return try writer.write()
    }
}
