import Testing
import WireFormat

@Suite("Chat requests that are refused")
struct ChatRefusalTests {
    @Test(
        "bodies that are no request",
        arguments: [
            Refusal(
                "",
                nil,
                "invalid_json",
                "The JSON body of the request could not be parsed: The JSON text is empty."
            ),
            Refusal(
                "{",
                nil,
                "invalid_json",
                "The JSON body of the request could not be parsed: The JSON text ends too early at line 1, column 1."
            ),
            Refusal(
                #"{"seed":9223372036854775808}"#,
                nil,
                "invalid_json",
                "The JSON body of the request could not be parsed: A number is out of range "
                    + "(too big integer near '9223372036854775808') at line 1, column 27."
            ),
            Refusal(
                "[]",
                nil,
                "invalid_type",
                "Invalid type for the request body: expected an object, but got an array instead."
            ),
            Refusal(
                "null",
                nil,
                "invalid_type",
                "Invalid type for the request body: expected an object, but got null instead."
            ),
            Refusal("{}", "messages", "missing_required_parameter", "Missing required parameter: 'messages'."),
            Refusal(
                #"{"messages":null}"#,
                "messages",
                "invalid_type",
                "Invalid type for 'messages': expected an array of objects, but got null instead."
            ),
            Refusal(
                #"{"messages":"Hi"}"#,
                "messages",
                "invalid_type",
                "Invalid type for 'messages': expected an array of objects, but got a string instead."
            ),
            Refusal(
                #"{"messages":[]}"#,
                "messages",
                "empty_array",
                "Invalid 'messages': empty array. Expected an array with minimum length 1, "
                    + "but got an empty array instead."
            ),
        ]
    )
    func bodies(refusal: Refusal) {
        refusal.check(ChatRequest.self)
    }

    @Test(
        "messages that are none",
        arguments: [
            Refusal(
                "1",
                "",
                "invalid_type",
                "Invalid type for 'messages[0]': expected an object, but got an integer instead."
            ),
            Refusal(
                #"{"content":"Hi"}"#,
                ".role",
                "missing_required_parameter",
                "Missing required parameter: 'messages[0].role'."
            ),
            Refusal(
                #"{"role":"robot","content":"Hi"}"#,
                ".role",
                "invalid_value",
                "Invalid value: 'robot'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', "
                    + "and 'developer'."
            ),
            Refusal(
                #"{"role":"tool","content":"Hi"}"#,
                ".tool_call_id",
                "missing_required_parameter",
                "Missing required parameter: 'messages[0].tool_call_id'."
            ),
            Refusal(
                #"{"role":"tool","tool_call_id":"1","content":"Hi"}"#,
                ".tool_call_id",
                "invalid_value",
                "Invalid parameter: 'messages[0].tool_call_id' is of no call that an assistant made in an earlier message "
                    + "with 'tool_calls'."
            ),
            Refusal(
                #"{"role":"function","content":"Hi"}"#,
                ".name",
                "missing_required_parameter",
                "Missing required parameter: 'messages[0].name'."
            ),
            Refusal(
                #"{"role":"user"}"#,
                ".content",
                "missing_required_parameter",
                "Missing required parameter: 'messages[0].content'."
            ),
            Refusal(
                #"{"role":"user","content":1}"#,
                ".content",
                "invalid_type",
                "Invalid type for 'messages[0].content': expected one of a string or array of objects, "
                    + "but got an integer instead."
            ),
            Refusal(
                #"{"role":"assistant","content":null}"#,
                ".content",
                "invalid_type",
                "Invalid type for 'messages[0].content': expected one of a string or array of objects, "
                    + "but got null instead."
            ),
            Refusal(
                #"{"role":"user","content":"Hi","name":5}"#,
                ".name",
                "invalid_type",
                "Invalid type for 'messages[0].name': expected a string, but got an integer instead."
            ),
            Refusal(
                #"{"role":"assistant","content":null,"tool_calls":[{"id":"1"}]}"#,
                ".tool_calls[0].function",
                "missing_required_parameter",
                "Missing required parameter: 'messages[0].tool_calls[0].function'."
            ),
            Refusal(
                #"{"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f","arguments":"{}"}}]}"#,
                "",
                "invalid_value",
                "Invalid 'messages[0]': tool calls must be followed by their results."
            ),
            Refusal(
                #"{"role":"user","content":"Hi","mood":1}"#,
                ".mood",
                "unknown_parameter",
                "Unknown parameter: 'messages[0].mood'."
            ),
            Refusal(
                #"{"role":"user","content":"Hi","tool_calls":[]}"#,
                ".tool_calls",
                "unknown_parameter",
                "Unknown parameter: 'messages[0].tool_calls'."
            ),
        ]
    )
    func messages(refusal: Refusal) {
        Refusal(
            "{\"messages\":[\(refusal.body)]}",
            "messages[0]" + (refusal.param ?? ""),
            refusal.code,
            refusal.message
        ).check(ChatRequest.self)
    }

    @Test(
        "content parts that are none",
        arguments: [
            Refusal(
                "[]",
                "",
                "empty_array",
                "empty array. Expected an array with minimum length 1, but got an empty array instead."
            ),
            Refusal(#"["Hi"]"#, "[0]", "invalid_type", "expected an object, but got a string instead."),
            Refusal(#"[{"text":"Hi"}]"#, "[0].type", "missing_required_parameter", ""),
            Refusal(#"[{"type":"text"}]"#, "[0].text", "missing_required_parameter", ""),
            Refusal(
                #"[{"type":"text","text":null}]"#,
                "[0].text",
                "invalid_type",
                "expected a string, but got null instead."
            ),
            Refusal(#"[{"type":"text","text":"a","x":1}]"#, "[0].x", "unknown_parameter", ""),
            Refusal(#"[{"type":"smell"}]"#, "[0].type", "invalid_value", ""),
            Refusal(
                #"[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"https://a.example/b.png"}}]"#,
                "[1].image_url.url",
                "invalid_value",
                ""
            ),
            Refusal(
                #"[{"type":"input_audio","input_audio":{}}]"#,
                "[0].input_audio.format",
                "missing_required_parameter",
                ""
            ),
            Refusal(
                #"[{"type":"file","file":{}}]"#,
                "[0].type",
                "unsupported_value",
                "does not support 'file' on this server yet. Supported: 'text', 'image_url', 'input_audio'."
            ),
            Refusal(
                #"[{"type":"refusal","refusal":"no"}]"#,
                "[0].type",
                "unsupported_value",
                "does not support 'refusal' on this server yet. Supported: 'text', 'image_url', 'input_audio'."
            ),
        ]
    )
    func parts(refusal: Refusal) throws {
        let body = "{\"messages\":[{\"role\":\"user\",\"content\":\(refusal.body)}]}"
        let error = #expect(throws: APIError.self) { try ChatRequest(body: Array(body.utf8)) }
        let param = "messages[0].content" + (refusal.param ?? "")
        #expect(error?.param == param)
        #expect(error?.code == refusal.code)
        let message = try #require(error?.message)
        #expect(message.hasSuffix(refusal.message))
        if refusal.code != "invalid_value" { #expect(message.contains("'\(param)'")) }
    }
}
