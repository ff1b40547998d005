import Testing
import WireFormat

@Suite("Parameters that do nothing yet")
struct DormantParameterTests {
    @Test(
        "what cannot change the answer is accepted",
        arguments: [
            #""user":"me""#, #""safety_identifier":"x""#, #""metadata":{"a":"b"}"#, #""store":false"#, #""store":null"#,
            #""prompt_cache_key":"k""#, #""prompt_cache_retention":"24h""#, #""prompt_cache_options":{"mode":"auto"}"#,
            #""parallel_tool_calls":false"#, #""parallel_tool_calls":true"#, #""logprobs":false"#, #""top_logprobs":0"#,
            #""tools":[]"#,
            #""tool_choice":"none""#,
            #""tool_choice":"auto""#, #""functions":[]"#, #""function_call":"auto""#, #""reasoning_effort":null"#,
            #""verbosity":"medium""#, #""verbosity":null"#, #""response_format":{"type":"text"}"#,
            #""modalities":["text"]"#, #""audio":null"#, #""prediction":{"type":"content","content":"x"}"#,
            #""mode":"instruct""#, #""character":null"#, #""typical_p":1"#, #""typical_p":1.0"#, #""repeat_penalty":1"#,
            #""grammar":"""#, #""cache_prompt":true"#, #""mirostat":0"#, #""id_slot":-1"#,
            #""stream":true,"stream_options":{"include_obfuscation":true}"#, #""chat_template_kwargs":{}"#,
        ]
    )
    func accepted(rest: String) throws {
        #expect(try chatRequest(rest).conversation.turns.count == 1)
    }

    @Test(
        "what is not built is refused by its name",
        arguments: [
            ("web_search_options", "{}"), ("moderation", "{}"),
            ("chat_template_str", #""x""#), ("lora", #"[{"id":0}]"#),
        ]
    )
    func unsupported(name: String, value: String) {
        Refusal.value(
            name,
            value,
            "unsupported_parameter",
            "Unsupported parameter: '\(name)' is not supported by this server yet."
        ).inside(chatStart).check(ChatRequest.self)
    }

    @Test(
        "values that are not built are refused with those that are",
        arguments: [
            ("store", "true", "true", "false"),
            ("id_slot", "2", "2", "-1"),
        ]
    )
    func unsupportedValue(name: String, value: String, shown: String, supported: String) {
        Refusal.value(
            name,
            value,
            "unsupported_value",
            "Unsupported value: '\(name)' does not support \(shown) on this server yet. Supported: \(supported)."
        ).inside(chatStart).check(ChatRequest.self)
    }

    @Test("metadata is checked though it is ignored")
    func metadata() {
        let many = (0...16).map { "\"\($0)\":\"\"" }.joined(separator: ",")
        let refusals: [Refusal] = [
            .value(
                "metadata",
                "{\(many)}",
                "object_above_max_properties",
                "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, "
                    + "but got an object with 17 properties instead."
            ),
            .value(
                "metadata",
                #"{"a":1}"#,
                "invalid_type",
                "Invalid type for 'metadata.a': expected a string, but got an integer instead.",
                param: "metadata.a"
            ),
            .value(
                "prompt_cache_retention",
                #""1h""#,
                "invalid_value",
                "Invalid value: '1h'. Supported values are: 'in_memory', 'in-memory', and '24h'."
            ),
        ]
        for refusal in refusals { refusal.inside(chatStart).check(ChatRequest.self) }
    }

    @Test("unknown parameters are refused by their name", arguments: ["foo", "Messages", "temperature ", "é", ""])
    func unknown(name: String) {
        Refusal.value(name, "null", "unknown_parameter", "Unrecognized request argument supplied: \(name)")
            .inside(chatStart).check(ChatRequest.self)
    }

    @Test("a long unknown name is shortened in the answer")
    func longName() {
        let name = String(repeating: "x", count: 100_000)
        let shown = String(repeating: "x", count: 100) + "…"
        Refusal.value(
            name,
            "1",
            "unknown_parameter",
            "Unrecognized request argument supplied: \(shown)",
            param: shown
        ).inside(chatStart).check(ChatRequest.self)
    }

    @Test("a crowd of unknown names is refused without looking at each")
    func crowd() {
        let names = (0..<10_000).map { "\"\($0)\":1" }.joined(separator: ",")
        Refusal(
            "{\(names)}",
            nil,
            "object_above_max_properties",
            "Invalid request body: too many properties. Expected an object with at most 256 properties, "
                + "but got an object with 10000 properties instead."
        ).check(ChatRequest.self)
    }
}
