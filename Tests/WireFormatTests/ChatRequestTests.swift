import Testing
import WireFormat

@Suite("Chat requests")
struct ChatRequestTests {
    @Test("the smallest request has no wishes")
    func smallest() throws {
        let request = try chatRequest()
        #expect(request.model == nil)
        #expect(request.conversation == Conversation([Turn(.user, "Hi")]))
        let generation = request.generation
        #expect(generation.temperature == nil && generation.topP == nil && generation.topK == nil)
        #expect(generation.minP == nil && generation.presencePenalty == nil && generation.frequencyPenalty == nil)
        #expect(generation.seed == nil && generation.logitBias.isEmpty && generation.stop.isEmpty)
        #expect(generation.count == 1 && generation.maximumTokens == nil && !generation.ignoresEndOfText)
        #expect(generation.stream == StreamParameters() && generation.serviceTier == nil)
    }

    @Test("every tier of OpenAI's is taken, and served as one of the two that there are")
    func serviceTiers() throws {
        for (name, served) in [
            ("auto", ServiceTier.default), ("default", .default), ("flex", .flex), ("scale", .default),
            ("priority", .default), ("fast", .default),
        ] {
            let rest = "\"service_tier\":\"\(name)\""
            #expect(try chatRequest(rest).generation.serviceTier?.served == served)
            #expect(try completionRequest(rest).generation.serviceTier?.served == served)
        }
        #expect(try chatRequest(#""service_tier":null"#).generation.serviceTier == nil)
    }

    @Test("every wish is read")
    func largest() throws {
        let request = try chatRequest(
            #"""
            "model":"m","temperature":2,"top_p":0.5,"top_k":40,"min_p":0.05,"presence_penalty":-2,
            "frequency_penalty":1.5,"seed":-9223372036854775808,"logit_bias":{"7":-100,"0":0.5},"stop":["a","\n"],
            "ignore_eos":true,"n":3,"max_tokens":5,"max_completion_tokens":6,"stream":true,
            "stream_options":{"include_usage":true},"service_tier":"flex"
            """#
        )
        #expect(request.model == "m")
        let generation = request.generation
        #expect(generation.temperature == 2 && generation.topP == 0.5 && generation.topK == 40)
        #expect(generation.minP == 0.05 && generation.presencePenalty == -2 && generation.frequencyPenalty == 1.5)
        #expect(generation.seed == .min)
        #expect(generation.logitBias == [LogitBias(token: 7, bias: -100), LogitBias(token: 0, bias: 0.5)])
        #expect(generation.stop == ["a", "\n"] && generation.ignoresEndOfText && generation.count == 3)
        #expect(generation.maximumTokens == 6)
        #expect(generation.stream == StreamParameters(isEnabled: true, includesUsage: true))
        #expect(generation.serviceTier == .flex)
    }

    @Test("null is the same as absent")
    func nulls() throws {
        let names = [
            "model", "temperature", "top_p", "top_k", "min_p", "presence_penalty", "frequency_penalty", "seed",
            "logit_bias", "stop", "ignore_eos", "n", "max_tokens", "max_completion_tokens", "stream", "stream_options",
            "tools", "user", "store", "mode", "service_tier",
        ]
        let rest = names.map { "\"\($0)\":null" }.joined(separator: ",")
        #expect(try chatRequest(rest) == chatRequest())
    }

    @Test("whole numbers may be written with a fraction of zero")
    func wholeNumbers() throws {
        let generation = try chatRequest(#""n":2.0,"max_tokens":1e1,"seed":-5.0,"top_k":-1"#).generation
        #expect(generation.count == 2 && generation.maximumTokens == 10 && generation.seed == -5)
        #expect(generation.topK == 0)
    }

    @Test("one stop text is a list of one")
    func stop() throws {
        #expect(try chatRequest(#""stop":"END""#).generation.stop == ["END"])
        #expect(try chatRequest(#""stop":[]"#).generation.stop.isEmpty)
    }

    @Test(
        "roles and contents are read",
        arguments: [
            (#"{"role":"system","content":""}"#, Turn(.system, "")),
            (#"{"role":"developer","content":"d"}"#, Turn(.developer, "d")),
            (#"{"role":"user","content":"u","name":"Eve"}"#, Turn(.user, "u", name: "Eve")),
            (
                #"{"content":[{"type":"text","text":"a"},{"text":"b","type":"text"}],"role":"user"}"#,
                Turn(.user, [.text("a"), .text("b")])
            ),
            (
                #"{"role":"assistant","content":[{"type":"text","text":"a"},{"type":"refusal","refusal":"no"}]}"#,
                Turn(.assistant, [.text("a"), .text("no")])
            ),
            (
                #"{"role":"assistant","content":null,"refusal":"I won't."}"#,
                Turn(.assistant, "I won't.")
            ),
            (
                #"{"role":"assistant","content":"a","refusal":null,"annotations":[],"audio":null,"function_call":null,"tool_calls":null}"#,
                Turn(.assistant, "a")
            ),
            (#"{"role":"assistant","content":"a","tool_calls":[]}"#, Turn(.assistant, "a")),
            (#"{"role":"assistant","content":"a","provider_specific_fields":{"refusal":null}}"#, Turn(.assistant, "a")),
            (
                #"{"role":"user","content":[{"type":"text","text":"a","prompt_cache_breakpoint":{"mode":"explicit"}}]}"#,
                Turn(.user, "a")
            ),
        ]
    )
    func messages(json: String, turn: Turn) throws {
        let request = try ChatRequest(body: Array("{\"messages\":[\(json)]}".utf8))
        #expect(request.conversation.turns == [turn])
    }

    @Test("ten thousand messages are no problem, more than twenty thousand are refused")
    func many() throws {
        func body(_ count: Int) -> String {
            "{\"messages\":["
                + Array(repeating: #"{"role":"user","content":"x"}"#, count: count).joined(separator: ",") + "]}"
        }
        #expect(try ChatRequest(body: Array(body(10_000).utf8)).conversation.turns.count == 10_000)
        Refusal(
            body(20_001),
            "messages",
            "array_above_max_length",
            "Invalid 'messages': array too long. Expected an array with maximum length 20000, "
                + "but got an array with length 20001 instead."
        ).check(ChatRequest.self)
    }
}
