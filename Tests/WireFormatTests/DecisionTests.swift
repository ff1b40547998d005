import Testing
import WireFormat

private func decisionRequest(_ questions: String, input: String = "\"Hi\"") throws -> DecisionRequest {
    try DecisionRequest(body: Array("{\"model\":\"m\",\"input\":\(input),\"questions\":\(questions)}".utf8))
}

@Suite("Decisions")
struct DecisionTests {
    private static let predicate = #"{"type":"predicate","instructions":"It rains.","name":"rain"}"#
    private static let choice =
        #"{"type":"choice","instructions":[{"type":"input_text","text":"Which?"}],"choices":[{"value":"true"},{"value":true,"description":"d"}]}"#
    private static let score = #"{"type":"score","instructions":"How?","levels":[{"label":"low"},{"label":"high"}]}"#

    @Test("questions have their options, a boolean apart from its text")
    func questions() throws {
        let questions = try decisionRequest("[\(Self.predicate),\(Self.choice),\(Self.score)]").questions
        #expect(questions.map(\.kind) == [.predicate, .choice(["true", true]), .score(["low", "high"])])
        #expect(questions.map(\.options) == [["Yes", "No"], ["true", "true"], ["low", "high"]])
        #expect(questions.map(\.name) == ["rain", nil, nil])
        #expect(questions[1].descriptions == [nil, "d"])
        #expect(questions[1].prompt.contains(.text("Which?")))
    }

    @Test("the input may hold JSON, as text")
    func json() throws {
        let input = #"[{"role":"user","content":[{"type":"input_json","data":{"a":[1,null]}}]}]"#
        let items = try decisionRequest("[\(Self.predicate)]", input: input).items
        #expect(items.map(\.content) == [.message(.user, [.text(#"{"a":[1,null]}"#)])])
    }

    @Test("answers come in the package's forms")
    func answers() throws {
        let questions = try decisionRequest("[\(Self.predicate),\(Self.choice),\(Self.score)]").questions
        let answers = questions.map { Decisions.Answer($0, probabilities: [0.25, 0.75]) }
        #expect(answers[0].json == ["type": "predicate", "name": "rain", "probability": 0.25])
        #expect(
            answers[1].json == [
                "type": "choice", "name": .null, "choice": true, "confidence": 0.75,
                "probabilities": [["value": "true", "probability": 0.25], ["value": true, "probability": 0.75]],
            ]
        )
        #expect(
            answers[2].json == [
                "type": "score", "name": .null, "score": 0.75, "confidence": 0.75,
                "probabilities": [
                    ["value": 0, "label": "low", "probability": 0.25],
                    ["value": 1, "label": "high", "probability": 0.75],
                ],
            ]
        )
    }

    @Test(
        "faults are named by their places",
        arguments: [
            ("[]", "questions"), ("[{}]", "questions[0].type"),
            (#"[{"type":"predicate"}]"#, "questions[0].instructions"),
            (#"[{"type":"choice","instructions":"","choices":[{"value":"a"}]}]"#, "questions[0].choices"),
            (
                #"[{"type":"choice","instructions":"","choices":[{"value":"a"},{"value":"a"}]}]"#,
                "questions[0].choices[1]"
            ),
            (
                #"[{"type":"choice","instructions":"","choices":[{"value":"a"},{"value":1}]}]"#,
                "questions[0].choices[1].value"
            ),
            (
                #"[{"type":"score","instructions":"","levels":[{"label":"a"},{"label":true}]}]"#,
                "questions[0].levels[1].label"
            ),
            (#"[{"type":"predicate","instructions":"","choices":[]}]"#, "questions[0].choices"),
        ]
    )
    func refusals(questions: String, param: String) throws {
        let error = #expect(throws: APIError.self) { try decisionRequest(questions) }
        #expect(error?.status == 400)
        #expect(error?.param == param)
    }
}
