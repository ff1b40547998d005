/// One question of a request for decisions: which of its options is so.
package struct DecisionQuestion: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// Whether a statement is true.
        case predicate
        /// Which of these it is; texts and booleans.
        case choice([JSONValue])
        /// How much it is, from the lowest level up.
        case score([String])
    }

    package let kind: Kind

    /// By which the answer is told from others.
    package let name: String?

    /// What is asked.
    package let instructions: [ContentPart]

    /// What the options mean; nil for those that speak for themselves.
    package let descriptions: [String?]

    /// What the model would answer, for each option.
    package var options: [String] {
        switch kind {
        case .predicate: ["Yes", "No"]
        case .choice(let values): values.map { if case .string(let text) = $0 { text } else { $0.text } }
        case .score(let labels): labels
        }
    }

    /// The question as the model reads it.
    package var prompt: [ContentPart] {
        switch kind {
        case .predicate: [.text("Is this true?")] + instructions + [.text("Answer with Yes or No.")]
        case .choice:
            instructions
                + [.text("These are the choices:\n" + list + "\nAnswer with one of them, in its words.")]
        case .score:
            instructions
                + [.text("These are the levels, the lowest first:\n" + list)]
                + [.text("Answer with one of them, in its words.")]
        }
    }

    private var list: String {
        zip(options, descriptions)
            .map { option, description in "- " + option + (description.map { " (" + $0 + ")" } ?? "") }
            .joined(separator: "\n")
    }
}

/// One element of `questions`.
struct DecisionQuestionShape: Shape {
    private enum Kind: String, CaseIterable {
        case predicate, choice, score
    }

    private enum Parameters {
        static let type = Parameter("type", ChoiceShape<Kind>())
        static let name = Parameter("name", StringShape(maximumLength: 1_000))
        static let instructions = Parameter("instructions", ResponseContentShape(allows: ResponseContentShape.decision))
        static let choices = Parameter(
            "choices",
            ListShape(of: DecisionOptionShape(key: "value"), minimumCount: 2, maximumCount: 255)
        )
        static let levels = Parameter(
            "levels",
            ListShape(of: DecisionOptionShape(key: "label"), minimumCount: 2, maximumCount: 255)
        )
    }

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> DecisionQuestion {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            let type = try reader.required(Parameters.type)
            let name = try reader.optional(Parameters.name)
            let instructions = try reader.required(Parameters.instructions)
            let kind: DecisionQuestion.Kind
            let options: [DecisionOptionShape.Option]
            switch type {
            case .predicate: (kind, options) = (.predicate, [])
            case .choice:
                options = try reader.required(Parameters.choices)
                try Self.checkUnique(options, at: path.member("choices"))
                kind = .choice(options.map(\.value))
            case .score:
                options = try reader.required(Parameters.levels)
                try Self.checkUnique(options, at: path.member("levels"))
                kind = .score(options.map { if case .string(let text) = $0.value { text } else { "" } })
            }
            return DecisionQuestion(
                kind: kind,
                name: name,
                instructions: instructions,
                descriptions: options.map(\.description)
            )
        }
    }

    private static func checkUnique(_ options: [DecisionOptionShape.Option], at path: ParameterPath) throws(APIError) {
        for (index, option) in options.enumerated()
        where options[..<index].contains(where: { $0.value == option.value }) {
            throw .invalidValue(
                "Invalid \(path.element(index).quoted): each option may be there once.",
                at: path.element(index)
            )
        }
    }
}

/// One option of a question: a value of a choice, or the label of a level.
private struct DecisionOptionShape: Shape {
    struct Option {
        let value: JSONValue
        let description: String?
    }

    private static let description = Parameter("description", StringShape())

    /// What the value is called; only a `value` may be a boolean.
    let key: String

    var name: ShapeName { .object }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> Option {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            let description = try reader.optional(Self.description)
            let value = try reader.required(Parameter(key, AnyShape()))
            switch value {
            case .string:
                _ = try StringShape(minimumLength: 1, maximumLength: 1_000).decode(value, at: path.member(key))
            case .bool where key == "value": break
            default:
                throw .invalidType(
                    value,
                    at: path.member(key),
                    expected: key == "value" ? "one of a string or boolean" : "a string"
                )
            }
            return Option(value: value, description: description)
        }
    }
}
