import Testing
import WireFormat

private func responseRequest(_ rest: String = "", input: String = "\"Hi\"") throws -> ResponseRequest {
    try ResponseRequest(body: Array(("{\"input\":\(input)" + (rest.isEmpty ? "" : ",") + rest + "}").utf8))
}

/// What the model is told of an input.
private func turns(_ input: String, instructions: String? = nil) throws -> [Turn] {
    var conversation = Conversation()
    let items = try responseRequest(input: input).source.input.map { element in
        guard case .item(let item) = element else { throw APIError.notFound("a reference") }
        return item
    }
    try conversation.take(items, instructions: instructions)
    return conversation.turns
}

@Suite("Requests for responses")
struct ResponseRequestTests {
    @Test("a text is a message of the user, behind the instructions")
    func text() throws {
        #expect(try turns("\"Hi\"", instructions: "Be brief.") == [Turn(.system, "Be brief."), Turn(.user, "Hi")])
    }

    @Test("what the assistant thought, said and called is one turn of it")
    func items() throws {
        let turns = try turns(
            #"""
            [{"role":"developer","content":"D"},
             {"type":"message","role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_text","text":"b"}]},
             {"type":"reasoning","id":"rs_1","summary":[],"content":[{"type":"reasoning_text","text":"Hm"}],"status":null},
             {"type":"message","id":"msg_1","status":"completed","role":"assistant",
              "content":[{"type":"output_text","text":"So","annotations":[],"logprobs":[]}]},
             {"type":"function_call","id":"fc_1","call_id":"x","name":"f","arguments":" ","status":"completed"},
             {"type":"custom_tool_call","call_id":"y","name":"c","input":"in"},
             {"type":"function_call_output","call_id":"x","output":"1"},
             {"type":"custom_tool_call_output","call_id":"y","output":[{"type":"input_text","text":"2"}]},
             {"role":"user","content":"Go on"}]
            """#
        )
        #expect(turns.map(\.role) == [.developer, .user, .assistant, .tool, .tool, .user])
        #expect(turns[1].text == "a\nb")
        #expect(turns[2].reasoning == "Hm")
        #expect(turns[2].text == "So")
        #expect(
            turns[2].calls == [
                ToolCall(id: "x", name: "f", arguments: "{}"),
                ToolCall(id: "y", name: "c", arguments: "in", isCustom: true),
            ]
        )
        #expect(turns[3].callID == "x" && turns[3].text == "1")
        #expect(turns[4].callID == "y" && turns[4].text == "2")
    }

    @Test("an item with an id alone refers to another")
    func references() throws {
        let input = #"[{"id":"msg_1"},{"type":"item_reference","id":"fc_2"},{"type":null,"id":"rs_3"}]"#
        let elements = try responseRequest(input: input).source.input
        #expect(elements == [.reference("msg_1"), .reference("fc_2"), .reference("rs_3")])
    }

    @Test("reasoning and summaries come back as they were given")
    func opaqueItems() throws {
        for text in ["", "a", "ab", "abc", "Grüße, 😀!"] {
            for item in [
                ResponseItem(.reasoning(text, isWrapped: true)), ResponseItem(.summary(text)),
                ResponseItem(.reasoning(text)),
            ] {
                let input = "[\(item.json.text)]"
                #expect(try responseRequest(input: input).source.input == [.item(item)])
            }
        }
        let wrapped = ResponseItem(.reasoning("Hm", isWrapped: true)).json.text.replacing("Hm", with: "")
        #expect(try turns("[\(wrapped),{\"role\":\"user\",\"content\":\"a\"}]").first?.text == "")
        let summary = ResponseItem(.summary("S")).json.text
        let told = try turns("[\(summary),{\"role\":\"user\",\"content\":\"a\"}]", instructions: "I")
        #expect(told.map(\.role) == [.system, .user])
        #expect(told[0].text.hasPrefix("I\n") && told[0].text.hasSuffix("S"))
    }

    @Test(
        "items come back as they were told",
        arguments: [
            ResponseItem(.message(.user, [.text("a")])),
            ResponseItem(.message(.assistant, [.text("a"), .text("b")]), status: .incomplete),
            ResponseItem(.call(ToolCall(id: "c", name: "f", arguments: "{}"))),
            ResponseItem(.call(ToolCall(id: "c", name: "f", arguments: "x", isCustom: true))),
            ResponseItem(.result(callID: "c", [.text("a")], isCustom: false)),
            ResponseItem(.result(callID: "c", [.text("a"), .text("b")], isCustom: true)),
        ]
    )
    func roundTrip(item: ResponseItem) throws {
        #expect(try responseRequest(input: "[\(item.json.text)]").source.input == [.item(item)])
    }

    @Test(
        "calls and results belong together",
        arguments: [
            (
                #"[{"type":"function_call","call_id":"x","name":"f","arguments":"{}"}]"#,
                "No tool output found for the call x."
            ),
            (
                #"[{"role":"user","content":"a"},{"type":"function_call_output","call_id":"x","output":"1"}]"#,
                "No tool call found for the output with call_id x."
            ),
        ]
    )
    func unanswered(input: String, message: String) throws {
        let error = #expect(throws: APIError.self) { try turns(input) }
        #expect(error?.message == message)
        #expect(error?.param == "input")
    }

    @Test("tools are strict as far as their schemas can be enforced, unless they say otherwise")
    func tools() throws {
        let loose = #"{"type":"array","uniqueItems":true}"#
        let tools = #"""
            "tools":[{"type":"function","name":"a","parameters":{"type":"object","properties":{}}},
              {"type":"function","name":"b","parameters":\#(loose)},
              {"type":"function","name":"c","parameters":{"type":"object","properties":{}},"strict":false,"description":null},
              {"type":"custom","name":"d","format":{"type":"grammar","syntax":"regex","definition":"a|b"}}]
            """#
        let read = try responseRequest(tools).shaping.conversation.tools
        let strict = read.map { if case .function(_, let isStrict) = $0.kind { isStrict } else { false } }
        #expect(strict == [true, false, false, false])
        #expect(read[3].kind == .custom(grammar: #""\x22" (("a" | "b")) "\x22""#))
    }

    @Test(
        "every choice is read",
        arguments: [
            (#""none""#, ToolChoice(.none)), (#""auto""#, ToolChoice()), (#""required""#, ToolChoice(.required)),
            (#"{"type":"function","name":"f"}"#, ToolChoice(.required, allowed: ["f"])),
            (#"{"type":"custom","name":"c"}"#, ToolChoice(.required, allowed: ["c"])),
            (
                #"{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"f"}]}"#,
                ToolChoice(.automatic, allowed: ["f"])
            ),
        ]
    )
    func choices(json: String, choice: ToolChoice) throws {
        let tools = #""tools":[{"type":"function","name":"f","parameters":null},{"type":"custom","name":"c"}]"#
        #expect(try responseRequest("\(tools),\"tool_choice\":\(json)").shaping.conversation.toolChoice == choice)
    }

    @Test("formats, reasoning and numbers are read")
    func settings() throws {
        let request = try responseRequest(
            #"""
            "text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object","properties":{}},"strict":true}},
            "reasoning":{"effort":"low","summary":"auto"},"truncation":"auto","max_output_tokens":16,"top_logprobs":2,
            "include":["reasoning.encrypted_content"],"temperature":0.5,"background":true,"metadata":{"a":"b"}
            """#
        )
        guard case .jsonSchema(_, isStrict: true) = request.shaping.conversation.responseFormat else {
            Issue.record("no strict schema")
            return
        }
        #expect(request.shaping.conversation.reasoning.effort == "low")
        #expect(request.shaping.conversation.reasoning.effortParameter == "reasoning.effort")
        #expect(request.shaping.truncates)
        #expect(request.generation.maximumTokens == 16)
        #expect(request.generation.logprobs == 2)
        #expect(request.wrapsReasoning && request.isBackground && request.isStored)
        #expect(request.echo["metadata"] == ["a": "b"])
        #expect(request.echo["temperature"] == 0.5)
        #expect(try responseRequest(#""include":["message.output_text.logprobs"]"#).generation.logprobs == 0)
        #expect(try responseRequest().generation.logprobs == nil)
    }

    @Test(
        "what can't be done is refused by name",
        arguments: [
            (#""tools":[{"type":"web_search"}]"#, "tools[0].type"),
            (#""tools":[{"type":"file_search","vector_store_ids":["a"]}]"#, "tools[0].type"),
            (#""tools":[{"type":"mcp","server_label":"a"}]"#, "tools[0].type"),
            (#""tools":[{"type":"code_interpreter","container":{"type":"auto"}}]"#, "tools[0].type"),
            (#""tool_choice":{"type":"web_search_preview"}"#, "tool_choice.type"),
            (#""tool_choice":"required""#, "tool_choice"),
            (#""conversation":"conv_1""#, "conversation"), (#""prompt":{"id":"p"}"#, "prompt"),
            (#""text":{"verbosity":"max"}"#, "text.verbosity"),
            (#""reasoning":{"summary":"detailed"}"#, "reasoning.summary"),
            (#""reasoning":{"mode":"pro"}"#, "reasoning.mode"),
            (#""max_output_tokens":15"#, "max_output_tokens"), (#""top_logprobs":21"#, "top_logprobs"),
            (#""background":true,"store":false"#, "background"), (#""n":2"#, "n"),
            (#""max_tokens":5"#, "max_tokens"), (#""response_format":{"type":"text"}"#, "response_format"),
            (#""include":["x"]"#, "include[0]"), (#""unheard_of":1"#, "unheard_of"),
            (#""context_management":[{"type":"compaction"}]"#, "context_management"),
            (#""prompt_cache_options":{"prewarm":true}"#, "prompt_cache_options.prewarm"),
        ]
    )
    func refusals(rest: String, param: String) throws {
        let error = #expect(throws: APIError.self) { try responseRequest(rest) }
        #expect(error?.status == 400)
        #expect(error?.param == param)
    }

    @Test(
        "faults of items are named by their places",
        arguments: [
            ("[]", "input"), ("null", "input"), ("1", "input"), (#"[{"type":"web_search_call"}]"#, "input[0].type"),
            (#"[{"type":"compaction_trigger"}]"#, "input[0].type"),
            (#"[{"role":"user"}]"#, "input[0].content"), (#"[{}]"#, "input[0].role"),
            (#"[{"role":"user","content":[{"type":"input_file","file_id":"f"}]}]"#, "input[0].content[0].type"),
            (#"[{"role":"user","content":[{"type":"output_text","text":"a"}]}]"#, "input[0].content[0].type"),
            (
                #"[{"role":"user","content":[{"type":"input_image","image_url":"https://a.example/b.png"}]}]"#,
                "input[0].content[0].image_url"
            ),
            (
                #"[{"type":"reasoning","id":"r","summary":[],"encrypted_content":"gAAAA"}]"#,
                "input[0].encrypted_content"
            ),
            (#"[{"type":"compaction","encrypted_content":"local.a"}]"#, "input[0].encrypted_content"),
            (#"[{"type":"function_call","call_id":"x","name":"a b","arguments":""}]"#, "input[0].name"),
            (#"[{"type":"reasoning","role":"user","summary":[]}]"#, "input[0].role"),
        ]
    )
    func badItems(input: String, param: String) throws {
        let error = #expect(throws: APIError.self) { try responseRequest(input: input) }
        #expect(error?.status == 400)
        #expect(error?.param == param)
    }

    @Test("the oldest turns are left out from one question to the next, and results with their calls")
    func cuts() throws {
        let call = ToolCall(id: "x", name: "f", arguments: "{}")
        let items = [
            ResponseItem(.message(.developer, [.text("D")])), ResponseItem(.message(.user, [.text("1")])),
            ResponseItem(.call(call)), ResponseItem(.message(.user, [.text("2")])),
            ResponseItem(.result(callID: "x", [.text("r")], isCustom: false)),
            ResponseItem(.message(.user, [.text("3")])),
        ]
        #expect(items.cutCount == 2)
        #expect(items.leavingOut(0) == items)
        #expect(items.leavingOut(1) == [items[0], items[3], items[5]])
        #expect(items.leavingOut(2) == [items[0], items[5]])
        #expect([ResponseItem]().cutCount == 0)
    }

    @Test("counts and summaries take what they are made from")
    func others() throws {
        let count = try ResponseCountRequest(body: Array(#"{"input":"a","tools":[],"truncation":"disabled"}"#.utf8))
        #expect(count.source.input.count == 1)
        let compact = try ResponseCompactRequest(body: Array(#"{"model":null,"previous_response_id":"r"}"#.utf8))
        #expect(compact.source.previousID == "r" && compact.source.input.isEmpty)
        #expect(throws: APIError.self) {
            try ResponseCountRequest(body: Array(#"{"input":"a","personality":"x"}"#.utf8))
        }
        #expect(throws: APIError.self) { try ResponseCompactRequest(body: Array(#"{"input":"a","tools":[]}"#.utf8)) }
    }
}
