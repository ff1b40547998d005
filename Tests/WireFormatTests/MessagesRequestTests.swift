import Testing
import WireFormat

@Suite("Requests of Anthropic's API")
struct MessagesRequestTests {
    private func request(_ rest: String) throws -> MessagesRequest {
        try MessagesRequest(body: Array(#"{"model":"m","max_tokens":9,\#(rest)}"#.utf8))
    }

    @Test("parameters become those of a generation")
    func generation() throws {
        let request = try request(
            #""messages":[{"role":"user","content":"Hi"}],"temperature":0.5,"top_p":0.25,"top_k":3,"#
                + #""stop_sequences":["a","b"],"stream":true,"metadata":{"user_id":"u"},"service_tier":"auto""#
        )
        var expected = GenerationParameters(temperature: 0.5, topP: 0.25)
        expected.topK = 3
        expected.maximumTokens = 9
        expected.stop = ["a", "b"]
        expected.stream.isEnabled = true
        #expect(request.generation == expected && request.prompt.model == "m")
        #expect(request.prompt.conversation == Conversation([Turn(.user, "Hi")]).requiringNothing)
    }

    @Test("calls, results and thoughts of earlier messages are kept; neighbours of one role are one turn")
    func history() throws {
        let turns = try request(
            #"""
            "system":[{"type":"text","text":"S"}],
            "messages":[{"role":"user","content":"A"},{"role":"user","content":[{"type":"text","text":"B"}]},
              {"role":"assistant","content":[{"type":"thinking","thinking":"Hm","signature":"x"},
                {"type":"text","text":"C"},{"type":"tool_use","id":"t1","name":"f","input":{"a":[1]}}]},
              {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"D"},
                {"type":"text","text":"E"}]},
              {"role":"assistant","content":[{"type":"tool_use","id":"t2","name":"f","input":{}}]},
              {"role":"user","content":[{"type":"tool_result","tool_use_id":"t2","is_error":true,
                "content":[{"type":"text","text":"F"}]}]}]
            """#
        ).prompt.conversation.turns
        #expect(turns.map(\.role) == [.system, .user, .assistant, .tool, .user, .assistant, .tool])
        #expect(turns.map(\.text) == ["S", "A\nB", "C", "D", "E", "", "Error:\nF"])
        #expect(turns[2].reasoning == "Hm")
        #expect(turns[2].calls == [ToolCall(id: "t1", name: "f", arguments: #"{"a":[1]}"#)])
        #expect(turns[3].callID == "t1" && turns[6].callID == "t2")
    }

    @Test("tools and choices of them are read")
    func tools() throws {
        let conversation = try request(
            #"""
            "messages":[{"role":"user","content":"Hi"}],
            "tools":[{"name":"f","description":"d","input_schema":{},"input_examples":[{"a":1}]},
              {"type":"custom","name":"g","input_schema":{"type":"object","properties":{},"additionalProperties":false},
               "strict":true,"cache_control":{"type":"ephemeral"}}],
            "tool_choice":{"type":"tool","name":"g","disable_parallel_tool_use":true}
            """#
        ).prompt.conversation
        #expect(conversation.tools.map(\.name) == ["f", "g"])
        #expect(conversation.tools[0].description == "d\nExamples: {\"a\":1}")
        #expect(conversation.toolChoice == ToolChoice(.required, allowed: ["g"]))
        #expect(conversation.allowsParallelCalls == false)
    }

    @Test("thinking is required, left to the model, or switched off")
    func thinking() throws {
        let read = { (json: String) in
            try MessagesPrompt(
                body: Array(
                    #"{"model":"m","messages":[{"role":"user","content":"Hi"}],"thinking":\#(json)}"#.utf8
                )
            )
        }
        let enabled = try read(#"{"type":"enabled","budget_tokens":2048,"display":"omitted"}"#)
        #expect(enabled.conversation.reasoning.isEnabled == true && enabled.conversation.reasoning.isRequired)
        #expect(!enabled.showsThinking)
        let adaptive = try read(#"{"type":"adaptive"}"#)
        #expect(adaptive.conversation.reasoning.isEnabled == nil && !adaptive.conversation.reasoning.isRequired)
        #expect(try read(#"{"type":"disabled"}"#).conversation.reasoning.isEnabled == false)
    }

    @Test(
        "faults are named",
        arguments: [
            (#""messages":[]"#, "messages"),
            (
                #""messages":[{"role":"user","content":[{"type":"document","source":{}}]}]"#,
                "messages[0].content[0].type"
            ),
            (
                #""messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"x"}]}]"#,
                "messages[0].content"
            ),
            (
                #""messages":[{"role":"assistant","content":[{"type":"tool_use","id":"x","name":"f","input":{}}]}]"#,
                "messages[0]"
            ),
            (
                #""messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"https://x"}}]}]"#,
                "messages[0].content[0].source.type"
            ),
            (
                #""messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"bash_20250124","name":"bash"}]"#,
                "tools[0].type"
            ),
            (#""messages":[{"role":"user","content":"Hi"}],"tool_choice":{"type":"any"}"#, "tool_choice"),
            (
                #""messages":[{"role":"user","content":"Hi"}],"thinking":{"type":"enabled","budget_tokens":1024}"#,
                "thinking.budget_tokens"
            ),
            (#""messages":[{"role":"user","content":"Hi"}],"temperature":2"#, "temperature"),
            (#""messages":[{"role":"user","content":"Hi"}],"container":"c""#, "container"),
        ]
    )
    func faults(rest: String, param: String) {
        let error = #expect(throws: APIError.self) { try request(rest) }
        #expect(error?.status == 400 && error?.param == param)
    }

    @Test("errors have Anthropic's form")
    func errors() {
        #expect(
            APIError.modelNotFound("x").anthropicJSON(requestID: "r").text
                == #"{"type":"error","error":{"type":"not_found_error","message":"The model `x` does not exist or you do "#
                + #"not have access to it."},"request_id":"r"}"#
        )
        let types = [401, 413, 429, 503, 500].map {
            APIError(status: $0, message: "").anthropicJSON(requestID: "").text
        }
        for (text, type) in zip(
            types,
            ["authentication_error", "request_too_large", "rate_limit_error", "overloaded_error", "api_error"]
        ) { #expect(text.contains("\"\(type)\"")) }
    }
}

extension Conversation {
    /// With the name that errors about thinking have in Anthropic's API.
    fileprivate var requiringNothing: Conversation {
        var conversation = self
        conversation.reasoning.effortParameter = "thinking"
        return conversation
    }
}

@Suite("Answers of Anthropic's API")
struct MessageTests {
    private let usage = Usage(promptTokens: 9, completionTokens: 4, cachedTokens: 5)
    private let call = ToolCall(id: "t", name: "f", arguments: "")

    @Test("a whole message has its blocks in order")
    func message() {
        var called = call
        called.arguments = #"{"a":1}"#
        let message = Message(
            id: "msg_1",
            model: "m",
            content: CollectedMessage(content: "C", reasoning: "R", calls: [called], reason: .toolCalls),
            stop: .toolUse,
            usage: usage
        )
        #expect(
            message.json.text
                == #"{"id":"msg_1","type":"message","role":"assistant","model":"m","content":["#
                + #"{"type":"thinking","thinking":"R","signature":""},{"type":"text","text":"C"},"#
                + #"{"type":"tool_use","id":"t","name":"f","input":{"a":1}}],"stop_reason":"tool_use","#
                + #""stop_sequence":null,"usage":{"input_tokens":4,"cache_creation_input_tokens":0,"#
                + #""cache_read_input_tokens":5,"output_tokens":4}}"#
        )
    }

    @Test("arguments that were cut off are kept as a text")
    func brokenArguments() {
        var cut = call
        cut.arguments = #"{"a":"#
        let content = CollectedMessage(calls: [cut], reason: .length)
        let json = Message(id: "", model: "", content: content, stop: .maxTokens, usage: usage).json.text
        #expect(json.contains(#""input":{"INVALID_JSON":"{\"a\":"}"#))
    }

    @Test("a stream opens and closes a block for each kind of piece")
    func stream() {
        var stream = MessageStream(id: "msg_1", model: "m")
        let steps: [AnswerEvent] = [
            .reasoning("R"), .content("A", logprobs: []), .content("B", logprobs: []), .callBegan(index: 0, call),
            .arguments(index: 0, "{}"), .callBegan(index: 1, call), .end(.toolCalls),
        ]
        let events =
            stream.opening(usage) + steps.flatMap { stream.events($0) } + stream.closing(.sequence("x"), usage)
        #expect(
            events.map(\.eventType) == [
                "message_start", "ping",
                "content_block_start", "content_block_delta", "content_block_delta", "content_block_stop",
                "content_block_start", "content_block_delta", "content_block_delta", "content_block_stop",
                "content_block_start", "content_block_delta", "content_block_stop",
                "content_block_start", "content_block_stop", "message_delta", "message_stop",
            ]
        )
        #expect(
            events[4].text
                == #"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":""}}"#
        )
        #expect(events[8].text == #"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"B"}}"#)
        #expect(events[11].text.contains(#""partial_json":"{}""#) && events[14].text.contains("\"index\":3"))
        #expect(events[15].text.contains(#""delta":{"stop_reason":"stop_sequence","stop_sequence":"x"}"#))
    }

    @Test("thoughts that are left out leave an empty block")
    func omitted() {
        var stream = MessageStream(id: "", model: "", showsThinking: false)
        let events = stream.events(.reasoning("R")) + stream.events(.reasoning("S"))
        #expect(events.map(\.eventType) == ["content_block_start"])
    }

    @Test("reasons to stop are told apart")
    func stops() {
        var parameters = GenerationParameters()
        parameters.maximumTokens = 4
        parameters.stop = ["x"]
        let stop = { MessageStop($0, matched: $1, generated: $2, parameters: parameters) }
        #expect(stop(.stop, nil, 2) == .endTurn && stop(.stop, "<template's>", 2) == .endTurn)
        #expect(stop(.stop, "x", 2) == .sequence("x"))
        #expect(stop(.length, nil, 4) == .maxTokens && stop(.length, nil, 3) == .contextExceeded)
        #expect(stop(.toolCalls, nil, 3) == .toolUse)
    }
}
