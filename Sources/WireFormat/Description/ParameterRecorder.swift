/// Takes down what a decoder asks one object for, so that the API's description is the decoder itself and no second list.
///
/// While one is current, the first `ObjectReader` that is made belongs to it: it answers every question with "absent", or
/// with an example where the member must be there, and notes the question. The decoder's code runs as for any request.
// Safe to share: it is made, written and read within one synchronous call; a task-local value must be sendable.
final class ParameterRecorder: @unchecked Sendable {
    /// What is known of one member.
    struct Entry {
        let name: String
        var schema: JSONValue
        var isRequired = false
    }

    /// The one that the next reader belongs to.
    @TaskLocal static var current: ParameterRecorder?

    private(set) var entries: [Entry] = []
    /// The first member that must be one of several names, and these: what else is read may depend on it.
    private(set) var discriminator: (name: String, choices: [JSONValue])?
    /// Where the decoder gave up, if it did.
    private(set) var error: APIError?
    private(set) var isTaken = false
    /// Members that the decoder refuses before it reads them.
    private var hidden: Set<String> = []
    private let choices: [String: JSONValue]

    /// Runs a decoder once.
    ///
    /// - Parameters:
    ///   - choices: What members say that must be one of several names.
    ///   - decode: Decodes an empty object.
    init(choices: [String: JSONValue] = [:], _ decode: () throws(APIError) -> Void) {
        self.choices = choices
        error = Self.$current.withValue(self) { () -> APIError? in
            do throws(APIError) { try decode() } catch { return error }
            return nil
        }
    }

    /// The recorder that a reader belongs to, if one waits for a reader.
    static func take() -> ParameterRecorder? {
        guard let current, !current.isTaken else { return nil }
        current.isTaken = true
        return current
    }

    /// Notes a member that may be absent or null.
    ///
    /// - Returns: What it says in this run, if anything.
    func optional(_ name: String, _ schema: JSONValue) -> JSONValue? {
        note(Entry(name: name, schema: schema.orNull))
        return choices[name]
    }

    /// Leaves a member out.
    func hide(_ name: String) { hidden.insert(name) }

    /// Notes a member that must be there.
    ///
    /// - Returns: An example of it.
    func required(_ name: String, _ schema: JSONValue) -> JSONValue {
        note(Entry(name: name, schema: schema, isRequired: true))
        if let choice = choices[name] { return choice }
        if discriminator == nil, let choices = schema.enumeration, choices.count > 1 {
            discriminator = (name, choices)
        }
        return schema.example
    }

    /// The first mention of a member counts.
    private func note(_ entry: Entry) {
        guard !hidden.contains(entry.name) else { return }
        guard let known = entries.firstIndex(where: { $0.name == entry.name }) else { return entries.append(entry) }
        if entry.isRequired { entries[known].isRequired = true }
    }
}
