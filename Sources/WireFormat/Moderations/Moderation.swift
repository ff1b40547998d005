/// What a text can be harmful by: OpenAI's categories, in its order.
package enum ModerationCategory: String, Sendable, CaseIterable {
    case harassment
    case harassmentThreatening = "harassment/threatening"
    case hate
    case hateThreatening = "hate/threatening"
    case illicit
    case illicitViolent = "illicit/violent"
    case selfHarm = "self-harm"
    case selfHarmInstructions = "self-harm/instructions"
    case selfHarmIntent = "self-harm/intent"
    case sexual
    case sexualMinors = "sexual/minors"
    case violence
    case violenceGraphic = "violence/graphic"
}

/// The answer to a moderation request.
package struct Moderation: JSONRepresentable, Equatable {
    /// What was found of one text.
    package struct Result: Sendable, Equatable {
        /// Between 0 and 1; those that are missing are 0.
        package let scores: [ModerationCategory: Double]
        package let flagged: Set<ModerationCategory>

        package init(scores: [ModerationCategory: Double], flagged: Set<ModerationCategory>) {
            self.scores = scores
            self.flagged = flagged
        }
    }

    package let id: String
    package let model: String
    package let results: [Result]

    package init(id: String, model: String, results: [Result]) {
        self.id = id
        self.model = model
        self.results = results
    }

    package var json: JSONValue {
        ["id": .string(id), "model": .string(model), "results": .array(results.map(\.json))]
    }
}

extension Moderation.Result {
    fileprivate var json: JSONValue {
        [
            "flagged": .bool(!flagged.isEmpty),
            "categories": Self.each { .bool(flagged.contains($0)) },
            "category_scores": Self.each { .number(scores[$0] ?? 0) },
            "category_applied_input_types": Self.each { _ in ["text"] },
        ]
    }

    private static func each(_ value: (ModerationCategory) -> JSONValue) -> JSONValue {
        .object(JSONObject(ModerationCategory.allCases.map { ($0.rawValue, value($0)) }))
    }
}
