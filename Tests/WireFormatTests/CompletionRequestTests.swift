import Testing
import WireFormat

@Suite("Completion requests")
struct CompletionRequestTests {
    @Test(
        "all four kinds of prompt are read",
        arguments: [
            (#""Hi""#, .text("Hi")), (#""""#, .text("")), (#"["a","b"]"#, .texts(["a", "b"])), (#"[""]"#, .texts([""])),
            ("[1,2.0,0]", .tokens([1, 2, 0])), ("[[1],[2,3]]", .tokenLists([[1], [2, 3]])),
        ] as [(String, TextInput)]
    )
    func prompts(json: String, prompt: TextInput) throws {
        #expect(try CompletionRequest(body: Array("{\"prompt\":\(json)}".utf8)).prompt == prompt)
    }

    @Test("the answer has sixteen tokens unless the request says otherwise")
    func maximumTokens() throws {
        #expect(try completionRequest().generation.maximumTokens == 16)
        #expect(try completionRequest(#""max_tokens":null"#).generation.maximumTokens == 16)
        #expect(try completionRequest(#""max_tokens":7"#).generation.maximumTokens == 7)
    }

    @Test(
        "what changes nothing is accepted",
        arguments: [
            #""echo":false"#, #""logprobs":null"#, #""suffix":null"#, #""suffix":"""#, #""best_of":1"#,
            #""n":3,"best_of":3"#, #""user":"me""#, #""stream":true,"stream_options":{}"#,
        ]
    )
    func accepted(rest: String) throws {
        #expect(try completionRequest(rest).prompt == .text("Hi"))
    }

    private static let promptKinds =
        "expected one of a string, array of strings, array of integers, or array of integer arrays, but got"

    @Test(
        "prompts that are none",
        arguments: [
            Refusal("{}", "prompt", "missing_required_parameter", "Missing required parameter: 'prompt'."),
            Refusal(
                #"{"prompt":null}"#,
                "prompt",
                "invalid_type",
                "Invalid type for 'prompt': \(promptKinds) null instead."
            ),
            Refusal(
                #"{"prompt":5}"#,
                "prompt",
                "invalid_type",
                "Invalid type for 'prompt': \(promptKinds) an integer instead."
            ),
            Refusal(
                #"{"prompt":[{}]}"#,
                "prompt[0]",
                "invalid_type",
                "Invalid type for 'prompt[0]': \(promptKinds) an object instead."
            ),
            Refusal(
                #"{"prompt":[]}"#,
                "prompt",
                "empty_array",
                "Invalid 'prompt': empty array. Expected an array with minimum length 1, "
                    + "but got an empty array instead."
            ),
            Refusal(
                #"{"prompt":[[1],[]]}"#,
                "prompt[1]",
                "empty_array",
                "Invalid 'prompt[1]': empty array. Expected an array with minimum length 1, "
                    + "but got an empty array instead."
            ),
            Refusal(
                #"{"prompt":["a",1]}"#,
                "prompt[1]",
                "invalid_type",
                "Invalid type for 'prompt[1]': expected a string, but got an integer instead."
            ),
            Refusal(
                #"{"prompt":[1,"a"]}"#,
                "prompt[1]",
                "invalid_type",
                "Invalid type for 'prompt[1]': expected an integer, but got a string instead."
            ),
            Refusal(
                #"{"prompt":[[1],[2,"a"]]}"#,
                "prompt[1][1]",
                "invalid_type",
                "Invalid type for 'prompt[1][1]': expected an integer, but got a string instead."
            ),
            Refusal(
                #"{"prompt":[1,-1]}"#,
                "prompt[1]",
                "integer_below_min_value",
                "Invalid 'prompt[1]': integer below minimum value. Expected a value >= 0, but got -1 instead."
            ),
            Refusal(
                #"{"prompt":[1.5]}"#,
                "prompt[0]",
                "invalid_type",
                "Invalid type for 'prompt[0]': expected an integer, but got a decimal number instead."
            ),
            Refusal(
                "{\"prompt\":[" + Array(repeating: "\"\"", count: 129).joined(separator: ",") + "]}",
                "prompt",
                "array_above_max_length",
                "Invalid 'prompt': array too long. Expected an array with maximum length 128, "
                    + "but got an array with length 129 instead."
            ),
        ]
    )
    func badPrompts(refusal: Refusal) {
        refusal.check(CompletionRequest.self)
    }

    @Test(
        "what can't be is refused by its name",
        arguments: [
            Refusal.value(
                "logprobs",
                "21",
                "integer_above_max_value",
                "Invalid 'logprobs': integer above maximum value. Expected a value <= 20, but got 21 instead."
            ),
            .value(
                "suffix",
                #""end","echo":true"#,
                "invalid_value",
                "Invalid 'suffix': it cannot be combined with 'echo'."
            ),
            .value(
                "best_of",
                #"2,"stream":true"#,
                "invalid_value",
                "Invalid 'best_of': which answers are best is known once all are made, so they cannot be streamed."
            ),
            .value("best_of", "0", "invalid_value", "Invalid 'best_of': it must not be less than 'n' (1)."),
            .value(
                "best_of",
                "21",
                "integer_above_max_value",
                "Invalid 'best_of': integer above maximum value. Expected a value <= 20, but got 21 instead."
            ),
            .value("messages", "[]", "unknown_parameter", "Unrecognized request argument supplied: messages"),
            .value("tools", "[]", "unknown_parameter", "Unrecognized request argument supplied: tools"),
        ]
    )
    func unsupported(refusal: Refusal) {
        refusal.inside(completionStart).check(CompletionRequest.self)
    }
}
