import Testing
import WireFormat

@Suite("Tools, formats and reasoning in chat requests")
struct ToolRequestTests {
    private static let function = #"{"type":"function","function":{"name":"f","description":"d","parameters":{}}}"#
    private static let custom = #"{"type":"custom","custom":{"name":"c"}}"#

    @Test("functions and custom tools are read")
    func tools() throws {
        let tools = try chatRequest("\"tools\":[\(Self.function),\(Self.custom)]").conversation.tools
        #expect(
            tools == [
                Tool(name: "f", description: "d", kind: .function(parameters: [:], isStrict: false)),
                Tool(name: "c", kind: .custom(grammar: nil)),
            ]
        )
    }

    @Test("a custom tool's expression becomes a grammar of the whole input")
    func customPattern() throws {
        let format = #"{"type":"grammar","grammar":{"syntax":"regex","definition":"a|b+"}}"#
        let tools = #""tools":[{"type":"custom","custom":{"name":"c","format":\#(format)}}]"#
        #expect(
            try chatRequest(tools).conversation.tools.first?.kind == .custom(grammar: #""\x22" (("a" | "b"+)) "\x22""#)
        )
    }

    @Test(
        "every choice is read",
        arguments: [
            (#""none""#, ToolChoice(.none)), (#""auto""#, ToolChoice()), (#""required""#, ToolChoice(.required)),
            (#"{"type":"function","function":{"name":"f"}}"#, ToolChoice(.required, allowed: ["f"])),
            (#"{"type":"custom","custom":{"name":"c"}}"#, ToolChoice(.required, allowed: ["c"])),
            (
                #"{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"f"}}]}}"#,
                ToolChoice(.automatic, allowed: ["f"])
            ),
        ]
    )
    func choices(json: String, choice: ToolChoice) throws {
        let rest = "\"tools\":[\(Self.function),\(Self.custom)],\"tool_choice\":\(json)"
        #expect(try chatRequest(rest).conversation.toolChoice == choice)
    }

    @Test("functions in the old form are tools, one call at a time")
    func functions() throws {
        let request = try chatRequest(#""functions":[{"name":"f"}],"function_call":{"name":"f"}"#)
        #expect(request.usesFunctions && request.conversation.allowsParallelCalls == false)
        #expect(request.conversation.tools.map(\.name) == ["f"])
        #expect(request.conversation.toolChoice == ToolChoice(.required, allowed: ["f"]))
    }

    @Test("calls and their results are linked, in both forms")
    func history() throws {
        let json = #"""
            {"messages":[{"role":"user","content":"Hi"},
              {"role":"assistant","content":null,"reasoning_content":"Hm","tool_calls":[
                {"id":"x","type":"function","function":{"name":"f","arguments":""}},
                {"id":"y","type":"custom","custom":{"name":"c","input":"text"}}]},
              {"role":"tool","tool_call_id":"x","content":[{"type":"text","text":"1"}]},
              {"role":"assistant","function_call":{"name":"f","arguments":"{\"a\":1}"}},
              {"role":"function","name":"f","content":"2"}]}
            """#
        let turns = try ChatRequest(body: Array(json.utf8)).conversation.turns
        #expect(turns[1].reasoning == "Hm")
        #expect(
            turns[1].calls == [
                ToolCall(id: "x", name: "f", arguments: "{}"),
                ToolCall(id: "y", name: "c", arguments: "text", isCustom: true),
            ]
        )
        #expect(turns[2].role == .tool && turns[2].callID == "x" && turns[2].text == "1")
        #expect(turns[3].calls.first?.arguments == #"{"a":1}"#)
        #expect(turns[4].role == .tool && turns[4].callID == turns[3].calls.first?.id)
    }

    @Test("formats of answers are read")
    func formats() throws {
        #expect(try chatRequest().conversation.responseFormat == .text)
        #expect(
            try chatRequest(#""response_format":{"type":"json_object"}"#).conversation.responseFormat == .jsonObject
        )
        let schema = #"{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":{"type":"integer"}}}"#
        #expect(
            try chatRequest("\"response_format\":\(schema)").conversation.responseFormat
                == .jsonSchema(["type": "integer"], isStrict: true)
        )
        #expect(
            try chatRequest(#""json_schema":{"type":"null"}"#).conversation.responseFormat
                == .jsonSchema(["type": "null"], isStrict: false)
        )
    }

    @Test("what is said of reasoning is read")
    func reasoning() throws {
        let low = try chatRequest(#""reasoning_effort":"low""#).conversation.reasoning
        #expect(low.effort == "low" && low.isEnabled == true && low.isSeparate)
        let none = try chatRequest(#""reasoning_effort":"none","reasoning_format":"none""#).conversation.reasoning
        #expect(none.effort == nil && none.isEnabled == false && !none.isSeparate)
        #expect(try chatRequest(#""enable_thinking":false"#).conversation.reasoning.isEnabled == false)
        let arguments = try chatRequest(#""chat_template_kwargs":{"enable_thinking":true,"colour":[1]}"#).conversation
        #expect(arguments.reasoning.isEnabled == true && arguments.templateArguments["colour"] == [1])
    }

    @Test("probabilities are asked for by two parameters")
    func logprobs() throws {
        #expect(try chatRequest().generation.logprobs == nil)
        #expect(try chatRequest(#""logprobs":true"#).generation.logprobs == 0)
        #expect(try chatRequest(#""logprobs":true,"top_logprobs":20"#).generation.logprobs == 20)
    }

    @Test("an image comes in the request itself")
    func image() throws {
        let json = #"""
            {"messages":[{"role":"user","content":[{"type":"text","text":"a"},
              {"type":"image_url","image_url":{"url":"data:image/png;base64,AA==","detail":"low"}}]}]}
            """#
        let content = try ChatRequest(body: Array(json.utf8)).conversation.turns[0].content
        let path = "messages[0].content[1].image_url"
        #expect(content == [.text("a"), .image(ImageSource(dataURL: "data:image/png;base64,AA==", path: path))])
    }

    @Test(
        "what makes no sense is refused by its name",
        arguments: [
            (#""tools":[{"type":"function","function":{"name":"a b"}}]"#, "tools[0].function.name", "invalid_value"),
            (#""tools":[{"type":"robot"}]"#, "tools[0].type", "invalid_value"),
            (#""tools":[{"type":"function"}]"#, "tools[0].function", "missing_required_parameter"),
            (#""tools":[\#(function),\#(function)]"#, "tools[1]", "invalid_value"),
            (#""tools":[\#(function)],"functions":[{"name":"g"}]"#, "functions", "invalid_value"),
            (#""tool_choice":"required""#, "tool_choice", "invalid_value"),
            (#""tools":[\#(function)],"tool_choice":"perhaps""#, "tool_choice", "invalid_value"),
            (
                #""tools":[\#(function)],"tool_choice":{"type":"function","function":{"name":"g"}}"#, "tool_choice",
                "invalid_value"
            ),
            (#""tool_choice":{"type":"function"}"#, "tool_choice.function", "missing_required_parameter"),
            (#""response_format":{"type":"xml"}"#, "response_format.type", "invalid_value"),
            (#""response_format":{"type":"text","x":1}"#, "response_format.x", "unknown_parameter"),
            (#""response_format":{"type":"json_schema"}"#, "response_format.json_schema", "missing_required_parameter"),
            (#""json_schema":{},"response_format":{"type":"json_object"}"#, "json_schema", "invalid_value"),
            (#""grammar":"root ::= \"a\"","response_format":{"type":"json_object"}"#, "grammar", "invalid_value"),
            (#""grammar":"root ::= \"a\"","tools":[\#(function)]"#, "grammar", "invalid_value"),
            (#""reasoning_effort":"enormous""#, "reasoning_effort", "invalid_value"),
            (#""top_logprobs":5"#, "top_logprobs", "invalid_value"),
            (#""logprobs":true,"top_logprobs":21"#, "top_logprobs", "integer_above_max_value"),
            (
                #""chat_template_kwargs":{"enable_thinking":"x"}"#, "chat_template_kwargs.enable_thinking",
                "invalid_type"
            ),
            (#""prediction":{"type":"content"}"#, "prediction.content", "missing_required_parameter"),
            (
                #""tools":[{"type":"custom","custom":{"name":"c","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"start: x"}}}}]"#,
                "tools[0].custom.format.grammar.definition", "invalid_value"
            ),
            (
                #""tools":[{"type":"custom","custom":{"name":"c","format":{"type":"grammar","grammar":{"syntax":"regex","definition":"(?=x)"}}}}]"#,
                "tools[0].custom.format.grammar.definition", "invalid_value"
            ),
        ]
    )
    func refused(rest: String, param: String, code: String) {
        let error = #expect(throws: APIError.self) { try chatRequest(rest) }
        #expect(error?.param == param)
        #expect(error?.code == code)
    }

    @Test("an answer goes on from one turn of the assistant, not from two")
    func continuation() throws {
        let turn = #"{"role":"assistant","content":"So"}"#
        let user = #"{"role":"user","content":"Hi"}"#
        _ = try ChatRequest(body: Array("{\"messages\":[\(user),\(turn)]}".utf8))
        let error = #expect(throws: APIError.self) {
            try ChatRequest(body: Array("{\"messages\":[\(user),\(turn),\(turn)]}".utf8))
        }
        #expect(error?.param == "messages[2]")
    }

    // MARK: answers

    private let header = ResponseHeader(id: "i", created: 1, model: "m", systemFingerprint: "f")
    private let message = CollectedMessage(
        reasoning: "Hm",
        calls: [
            ToolCall(id: "x", name: "f", arguments: "{}"), ToolCall(id: "y", name: "c", arguments: "t", isCustom: true),
        ],
        reason: .toolCalls
    )

    @Test("calls are written as OpenAI writes them")
    func calls() {
        let text = ChatCompletion.Choice(index: 0, message: message).json.text
        #expect(
            text == #"{"index":0,"message":{"role":"assistant","content":null,"refusal":null,"annotations":[],"#
                + #""reasoning_content":"Hm","tool_calls":[{"id":"x","type":"function","function":{"name":"f","arguments":"{}"}},"#
                + #"{"id":"y","type":"custom","custom":{"name":"c","input":"t"}}]},"logprobs":null,"finish_reason":"tool_calls"}"#
        )
        let old = ChatCompletion.Choice(index: 0, message: message, usesFunctions: true).json.text
        #expect(old.contains(#""function_call":{"name":"f","arguments":"{}"}},"#))
        #expect(old.hasSuffix(#""finish_reason":"function_call"}"#))
    }

    @Test("a stream tells a call's name first, then its arguments")
    func chunks() {
        let stream = ChatCompletionStream(header: header, includesUsage: false)
        let function = ToolCall(id: "x", name: "f", arguments: "")
        let custom = ToolCall(id: "y", name: "c", arguments: "", isCustom: true)
        for (event, delta) in [
            (
                AnswerEvent.callBegan(index: 0, function),
                #"{"tool_calls":[{"index":0,"id":"x","type":"function","function":{"name":"f","arguments":""}}]}"#
            ),
            (.arguments(index: 0, "{"), #"{"tool_calls":[{"index":0,"function":{"arguments":"{"}}]}"#),
            (
                .callBegan(index: 1, custom),
                #"{"tool_calls":[{"index":1,"id":"y","type":"custom","custom":{"name":"c","input":""}}]}"#
            ),
            (.reasoning("Hm"), #"{"reasoning_content":"Hm"}"#),
        ] {
            #expect(stream.chunk(event, 0).text.contains("\"delta\":" + delta + ","))
        }
        let old = ChatCompletionStream(header: header, includesUsage: false, usesFunctions: true)
        #expect(
            old.chunk(.callBegan(index: 0, function), 0).text.contains(#""function_call":{"name":"f","arguments":""}"#)
        )
        #expect(old.chunk(.end(.toolCalls), 0).text.contains(#""finish_reason":"function_call""#))
    }

    @Test("probabilities are written beside content")
    func writtenLogprobs() {
        let token = TokenLogprob(
            chosen: .init(bytes: [0xC3], logprob: -0.5),
            top: [.init(bytes: [0x61], logprob: -.infinity)]
        )
        let message = CollectedMessage(content: "é", logprobs: [token])
        let text = ChatCompletion.Choice(index: 0, message: message, showsLogprobs: true).json.text
        #expect(
            text.contains(
                #""logprobs":{"content":[{"token":"�","logprob":-0.5,"bytes":[195],"top_logprobs":["#
                    + #"{"token":"a","logprob":-9999.0,"bytes":[97]}]}],"refusal":null}"#
            )
        )
    }
}
