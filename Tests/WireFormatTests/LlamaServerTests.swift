import Testing
import WireFormat

@Suite("llama-server's requests and answers")
struct LlamaServerTests {
    private func completion(_ rest: String) throws -> LlamaCompletionRequest {
        try LlamaCompletionRequest(body: Array((completionStart + rest + "}").utf8))
    }

    @Test("a completion that says nothing has llama-server's defaults")
    func defaults() throws {
        let generation = try completion("").generation
        #expect(generation.temperature == 0.8)
        #expect(generation.topK == 40)
        #expect(generation.topP == 0.95)
        #expect(generation.minP == 0.05)
        #expect(generation.maximumTokens == nil)
        #expect(generation.seed == nil)
    }

    @Test("what a completion says wins")
    func explicit() throws {
        let generation = try completion(#","temperature":0,"top_k":0,"n_predict":5,"seed":7"#).generation
        #expect(generation.temperature == 0)
        #expect(generation.topK == 0)
        #expect(generation.maximumTokens == 5)
        #expect(generation.seed == 7)
        #expect(try completion(#","n_predict":-1,"seed":-1"#).generation.maximumTokens == nil)
    }

    @Test("limits that make no sense are refused by their name", arguments: ["0", "-2", "2147483648", "1.5"])
    func limits(value: String) {
        let error = #expect(throws: APIError.self) { try completion(",\"n_predict\":\(value)") }
        #expect(error?.status == 400)
        #expect(error?.param == "n_predict")
    }

    @Test("an answer tells how it ended")
    func answers() {
        #expect(
            LlamaCompletion(index: 1, content: "x").json.text
                == #"{"index":1,"content":"x","tokens":[],"stop":false}"#
        )
        let usage = Usage(promptTokens: 3, completionTokens: 2, cachedTokens: 1)
        let timings = AnswerTimings(
            cachedTokens: 1,
            promptTokens: 2,
            promptDuration: .milliseconds(4),
            predictedTokens: 2,
            predictedDuration: .milliseconds(8)
        )
        let ending = LlamaCompletion.Ending(stop: .word("END"), model: "m", usage: usage, timings: timings)
        #expect(
            LlamaCompletion(index: 0, content: "", ending: ending).json.text
                == #"{"index":0,"content":"","tokens":[],"stop":true,"model":"m","tokens_predicted":2,"#
                + #""tokens_evaluated":3,"tokens_cached":1,"stop_type":"word","stopping_word":"END","truncated":false,"#
                + #""timings":{"cache_n":1,"prompt_n":2,"prompt_ms":4.0,"prompt_per_token_ms":2.0,"prompt_per_second":500.0,"#
                + #""predicted_n":2,"predicted_ms":8.0,"predicted_per_token_ms":4.0,"predicted_per_second":250.0}}"#
        )
        let chosen = LlamaCompletion.Ending(
            stop: .limit,
            model: "m",
            usage: usage,
            timings: timings,
            fields: ["stop_type", "timings/prompt_n", "timings/x", "stop_type/x", ""]
        )
        #expect(
            LlamaCompletion(index: 0, content: "", ending: chosen).json
                == ["stop_type": "limit", "timings/prompt_n": 2]
        )
    }

    @Test("pieces that are no text are bytes")
    func pieces() {
        #expect(TokenizeResponse([(1, nil), (2, nil)]).json.text == #"{"tokens":[1,2]}"#)
        #expect(
            TokenizeResponse([(7, Array("ä".utf8)), (8, [0xC3]), (9, [])]).json.text
                == #"{"tokens":[{"id":7,"piece":"ä"},{"id":8,"piece":[195]},{"id":9,"piece":""}]}"#
        )
    }

    @Test("what is to be filled in goes on with what has begun")
    func infill() throws {
        let body = #"{"input_prefix":"a","input_suffix":"z","prompt":"b","input_extra":[{"text":"t"}],"n_predict":1}"#
        let request = try InfillRequest(body: Array(body.utf8))
        #expect(request.prefix == "ab")
        #expect(request.suffix == "z")
        #expect(request.files == [InfillRequest.File(name: "tmp", text: "t")])
        #expect(request.generation.maximumTokens == 1)
    }
}
