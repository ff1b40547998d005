/// A request for decisions: questions about one input.
package struct DecisionRequest: RequestBody, Equatable {
    package let model: String?

    /// What the questions are about, the oldest first.
    package let items: [ResponseItem]

    /// 1 to 400.
    package let questions: [DecisionQuestion]
}

extension DecisionRequest {
    private enum Parameters {
        static let model = Parameter("model", StringShape(maximumLength: 1_000))
        static let input = Parameter("input", ResponseInputShape(takesJSON: true))
        static let questions = Parameter(
            "questions",
            ListShape(of: DecisionQuestionShape(), minimumCount: 1, maximumCount: 400)
        )
    }

    /// About the caller, or speed: without effect on the answers.
    private static let dormant: [DormantParameter] = [
        .accepts("safety_identifier", StringShape()),
        .accepts("prompt_cache_key", StringShape()),
        .accepts("prompt_cache_options", PromptCacheOptionsShape()),
    ]

    package init(json: JSONValue) throws(APIError) {
        self = try ObjectReader.read(json, at: .root) { reader throws(APIError) in
            let model = try reader.optional(Parameters.model)
            let input = try reader.required(Parameters.input)
            try reader.check(Self.dormant)
            let questions = try reader.required(Parameters.questions)
            var items: [ResponseItem] = []
            for (index, element) in input.enumerated() {
                guard case .item(let item) = element else {
                    let path = reader.path.member("input").element(index)
                    throw .invalidValue("Invalid \(path.quoted): decisions are made about items alone.", at: path)
                }
                items.append(item)
            }
            guard !items.isEmpty else { throw .missing(reader.path.member("input")) }
            return DecisionRequest(model: model, items: items, questions: questions)
        }
    }
}

/// The answers to questions about one input.
package struct Decisions: JSONRepresentable, Equatable {
    /// A question, and how likely each of its options is.
    package struct Answer: Sendable, Equatable {
        package let question: DecisionQuestion
        package let probabilities: [Double]

        /// - Parameters:
        ///   - question: What was asked.
        ///   - probabilities: One for each option; together 1.
        package init(_ question: DecisionQuestion, probabilities: [Double]) {
            self.question = question
            self.probabilities = probabilities
        }
    }

    package let model: String
    package let answers: [Answer]
    package let usage: Usage

    package init(model: String, answers: [Answer], usage: Usage) {
        self.model = model
        self.answers = answers
        self.usage = usage
    }

    package var json: JSONValue {
        ["model": .string(model), "answers": .array(answers.map(\.json)), "usage": usage.responseJSON]
    }
}

extension Decisions.Answer: JSONRepresentable {
    package var json: JSONValue {
        let name = JSONValue(question.name)
        let best = probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0
        let confidence = JSONValue.number(probabilities[best])
        switch question.kind {
        case .predicate: return ["type": "predicate", "name": name, "probability": .number(probabilities[0])]
        case .choice(let values):
            let options = zip(values, probabilities).map { value, probability -> JSONValue in
                ["value": value, "probability": .number(probability)]
            }
            return [
                "type": "choice", "name": name, "choice": values[best], "confidence": confidence,
                "probabilities": .array(options),
            ]
        case .score(let labels):
            let levels = zip(labels, probabilities).enumerated().map { index, level -> JSONValue in
                ["value": JSONValue(index), "label": .string(level.0), "probability": .number(level.1)]
            }
            let expected = probabilities.enumerated().reduce(0) { $0 + Double($1.offset) * $1.element }
            return [
                "type": "score", "name": name, "score": .number(expected), "confidence": confidence,
                "probabilities": .array(levels),
            ]
        }
    }
}
