import Testing
import WireFormat

@Suite("Ollama's API")
struct OllamaTests {
    private func chat(_ rest: String) throws -> OllamaChatRequest {
        try OllamaChatRequest(body: Array(#"{"model":"m",\#(rest)}"#.utf8))
    }

    private func generate(_ rest: String) throws -> OllamaGenerateRequest {
        try OllamaGenerateRequest(body: Array(#"{"model":"m",\#(rest)}"#.utf8))
    }

    @Test("options are read, with Ollama's defaults")
    func options() throws {
        let standard = try chat(#""messages":[]"#).settings
        #expect(standard.generation.temperature == 0.8 && standard.generation.topP == 0.9)
        #expect(standard.generation.topK == 40 && standard.generation.maximumTokens == nil)
        #expect(standard.generation.stream.isEnabled && standard.stay == .whileThereIsRoom)
        let settings = try chat(
            #""options":{"num_predict":5,"temperature":0,"top_k":0,"top_p":1,"min_p":0.5,"seed":7,"stop":["a"],"#
                + #""num_ctx":64,"num_gpu":99,"repeat_penalty":1.5,"mirostat":2,"use_mmap":true},"stream":false,"think":"low","logprobs":true,"#
                + #""top_logprobs":3,"keep_alive":"0s""#
        ).settings
        #expect(settings.generation.maximumTokens == 5 && settings.generation.topK == 0)
        #expect(settings.generation.minP == 0.5 && settings.generation.stop == ["a"])
        #expect(settings.generation.samplers.repeatPenalty == 1.5 && settings.generation.samplers.mirostat == 2)
        #expect(settings.generation.logprobs == 3 && settings.contextLength == 64 && settings.stay == .unload)
        #expect(settings.reasoning.effort == "low" && !settings.generation.stream.isEnabled)
        #expect(try chat(#""options":{"num_predict":-1}"#).settings.generation.maximumTokens == nil)
    }

    @Test("a time to stay loaded is a number or a duration", arguments: ["-1", "300", "\"5m\"", "\"-1\"", "\"1h30m\""])
    func keepAlive(json: String) throws {
        #expect(try chat("\"keep_alive\":\(json)").settings.stay == .whileThereIsRoom)
    }

    @Test("results find their calls by id, by name, or in order")
    func results() throws {
        let turns = try chat(
            #"""
            "messages":[{"role":"user","content":"Hi"},
              {"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}},
                {"id":"x","function":{"name":"g","arguments":{}}},{"function":{"name":"h","arguments":{}}}]},
              {"role":"tool","tool_name":"g","content":"1"},{"role":"tool","content":"2"},
              {"role":"tool","tool_call_id":"call_1_2","content":"3"}]
            """#
        ).conversation.turns
        #expect(turns[1].calls.map(\.id) == ["call_1_0", "x", "call_1_2"])
        #expect(turns[1].calls[0].arguments == #"{"a":1}"#)
        #expect(turns[2...].map(\.callID) == ["x", "call_1_0", "call_1_2"])
    }

    @Test("a prompt is a conversation, a raw text, or nothing")
    func prompts() throws {
        let system = [Turn(.system, "S"), Turn(.user, "P")]
        guard case .conversation(let conversation) = try generate(#""prompt":"P","system":"S""#).prompt else {
            Issue.record("no conversation")
            return
        }
        #expect(conversation.turns == system)
        #expect(try generate(#""prompt":"P","raw":true"#).prompt == .raw("P"))
        #expect(try generate(#""keep_alive":5"#).prompt == .none)
    }

    @Test(
        "faults are named",
        arguments: [
            (#""options":{"tfs_z":0.5}"#, "options.tfs_z"), (#""options":{"other":1}"#, "options.other"),
            (#""think":"much""#, "think"), (#""format":"xml""#, "format"), (#""keep_alive":"soon""#, "keep_alive"),
            (#""messages":[{"role":"system","content":"","images":["AA"]}]"#, "messages[0].images"),
            (#""messages":[{"role":"user","tool_calls":[{"function":{"name":"f"}}]}]"#, "messages[0].tool_calls"),
        ]
    )
    func faults(rest: String, param: String) {
        let error = #expect(throws: APIError.self) { try chat(rest) }
        #expect(error?.status == 400 && error?.param == param)
    }

    @Test("lines tell texts as they come, and calls when they are whole")
    func lines() {
        var reply = OllamaReply(.chat, model: "m", createdAt: "t")
        let call = ToolCall(id: "x", name: "f", arguments: "")
        #expect(
            reply.lines(.content("A", logprobs: [])).map(\.text) == [
                #"{"model":"m","created_at":"t","message":{"role":"assistant","content":"A"},"done":false}"#
            ]
        )
        #expect(reply.lines(.callBegan(index: 0, call)).isEmpty)
        #expect(reply.lines(.arguments(index: 0, #"{"a":"#)).isEmpty && reply.lines(.arguments(index: 0, "1}")).isEmpty)
        #expect(
            reply.lines(.end(.toolCalls)).map(\.text) == [
                #"{"model":"m","created_at":"t","message":{"role":"assistant","content":"","tool_calls":["#
                    + #"{"id":"x","function":{"name":"f","arguments":{"a":1}}}]},"done":false}"#
            ]
        )
        let durations = OllamaDurations(total: 4, load: 1, promptEvaluation: 1, evaluation: 2)
        let usage = Usage(promptTokens: 5, completionTokens: 2)
        #expect(
            reply.closing(.length, usage, durations).text
                == #"{"model":"m","created_at":"t","message":{"role":"assistant","content":""},"done":true,"#
                + #""done_reason":"length","total_duration":4,"load_duration":1,"prompt_eval_count":5,"#
                + #""prompt_eval_duration":1,"eval_count":2,"eval_duration":2}"#
        )
    }

    @Test("arguments that were cut off are told as a text")
    func brokenArguments() {
        var reply = OllamaReply(.chat, model: "m", createdAt: "t")
        _ = reply.lines(.callBegan(index: 0, ToolCall(id: "x", name: "f", arguments: "{")))
        let text = reply.lines(.end(.length)).map(\.text).joined()
        #expect(text.contains(#""content":"{""#) && !text.contains("tool_calls"))
    }

    @Test("errors are one text")
    func errors() { #expect(APIError.internalServer.ollamaJSON.text.hasPrefix(#"{"error":"The server"#)) }
}
