import Testing
import WireFormat

@Suite("Responses and their events")
struct ResponseWriterTests {
    private func writer(_ status: ResponseObject.Status = .inProgress, wraps: Bool = false) throws -> ResponseWriter {
        let request = try ResponseRequest(body: Array(#"{"input":"Hi"}"#.utf8))
        return ResponseWriter(
            ResponseObject(id: "resp_1", created: 7, model: "m", echo: request.echo, status: status),
            wrapsReasoning: wraps
        )
    }

    private let steps: [AnswerEvent] = [
        .reasoning("Hm"), .reasoning("m"), .content("So", logprobs: []), .content(" it is", logprobs: []),
        .callBegan(index: 0, ToolCall(id: "x", name: "f", arguments: "")), .arguments(index: 0, "{\"a\""),
        .arguments(index: 0, ":1}"),
        .callBegan(index: 1, ToolCall(id: "y", name: "c", arguments: "", isCustom: true)), .arguments(index: 1, "in"),
        .end(.toolCalls),
    ]

    @Test("every kind of item has its events, numbered from 0")
    func sequence() throws {
        var writer = try writer()
        var events = writer.open() + writer.start()
        for step in steps { events += writer.append(step) }
        events += writer.finish(Usage(promptTokens: 3, completionTokens: 4), at: 9)
        #expect(
            events.map { $0.type.replacing("response.", with: "") } == [
                "created", "in_progress",
                "output_item.added", "content_part.added", "reasoning_text.delta", "reasoning_text.delta",
                "reasoning_text.done", "content_part.done", "output_item.done",
                "output_item.added", "content_part.added", "output_text.delta", "output_text.delta",
                "output_text.done", "content_part.done", "output_item.done",
                "output_item.added", "function_call_arguments.delta", "function_call_arguments.delta",
                "function_call_arguments.done", "output_item.done",
                "output_item.added", "custom_tool_call_input.delta", "custom_tool_call_input.done",
                "output_item.done", "completed",
            ]
        )
        #expect(events.map(\.number) == Array(events.indices))
        for event in events {
            guard case .object(let object) = event.json else { return }
            #expect(object["type"] == .string(event.type))
            #expect(object["sequence_number"] == JSONValue(event.number))
            #expect((object["response"] == nil) == (object["output_index"] != nil))
        }
        let response = writer.response
        #expect(response.status == .completed && response.completed == 9)
        let contents = response.output.map(\.content)
        #expect(contents[0] == .reasoning("Hmm"))
        #expect(contents[1] == .message(.assistant, [.text("So it is")]))
        #expect(contents[2] == .call(ToolCall(id: "x", name: "f", arguments: "{\"a\":1}")))
        #expect(contents[3] == .call(ToolCall(id: "y", name: "c", arguments: "in", isCustom: true)))
        // Events of an item name it and its place.
        let places = events.dropFirst(2).dropLast().compactMap { event -> JSONValue? in
            guard case .object(let object) = event.json else { return nil }
            return object["output_index"]
        }
        let expected = Array(repeating: 0, count: 7) + Array(repeating: 1, count: 7) + Array(repeating: 2, count: 5)
        #expect(places == (expected + Array(repeating: 3, count: 4)).map { JSONValue($0) })
    }

    @Test("an answer that is cut off is incomplete, as is its last item")
    func cut() throws {
        var writer = try writer()
        _ = writer.open() + writer.start() + writer.append(.content("So", logprobs: []))
        _ = writer.append(.end(.length))
        let last = writer.finish(Usage(promptTokens: 1, completionTokens: 1), at: 9)
        #expect(last.map(\.type) == ["response.incomplete"])
        guard case .object(let object) = writer.response.json else { return }
        #expect(object["status"] == "incomplete")
        #expect(object["incomplete_details"] == ["reason": "max_output_tokens"])
        #expect(object["completed_at"] == .null)
        #expect(writer.response.output.map(\.status) == [.incomplete])
    }

    @Test("an answer without a word is an empty message")
    func empty() throws {
        var writer = try writer()
        let events = writer.append(.end(.stop))
        #expect(events.count == 5)
        #expect(writer.response.output.map(\.content) == [.message(.assistant, [.text("")])])
    }

    @Test("a fault has an event of its own, and fails the response")
    func failure() throws {
        var writer = try writer()
        _ = writer.append(.content("So", logprobs: []))
        let events = writer.fail(.internalServer)
        #expect(events.map(\.type) == ["error", "response.failed"])
        guard case .object(let object) = writer.response.json else { return }
        #expect(object["status"] == "failed")
        #expect(
            object["error"]
                == ["code": "server_error", "message": "The server had an error while processing your request."]
        )
    }

    @Test("what waits says so, and what is cancelled keeps what it had")
    func background() throws {
        var writer = try writer(.queued)
        #expect(writer.open().map(\.type) == ["response.created", "response.queued"])
        #expect(writer.response.status == .queued)
        #expect(writer.start().map(\.type) == ["response.in_progress"])
        _ = writer.append(.content("So", logprobs: []))
        writer.cancel()
        #expect(writer.response.status == .cancelled)
        #expect(writer.response.output.map(\.status) == [.incomplete])
    }

    @Test("a response has every member of the API, null where there is nothing")
    func members() throws {
        guard case .object(let object) = try writer().response.json else { return }
        let nulls = object.members.filter { $0.value == .null }.map(\.key).sorted()
        #expect(
            nulls == [
                "completed_at", "conversation", "error", "incomplete_details", "instructions", "max_output_tokens",
                "max_tool_calls", "previous_response_id", "prompt", "prompt_cache_key", "prompt_cache_retention",
                "safety_identifier", "usage", "user",
            ]
        )
        #expect(object["tool_choice"] == "auto")
        #expect(object["text"] == ["format": ["type": "text"], "verbosity": "medium"])
        #expect(object["reasoning"] == ["effort": .null, "summary": .null])
        #expect(object["store"] == true && object["parallel_tool_calls"] == true)
        #expect(Set(object.members.map(\.key)).count == object.members.count)
    }

    @Test("probabilities stand beside the text")
    func probabilities() throws {
        let token = TokenLogprob(chosen: TokenLogprob.Entry(bytes: [83], logprob: -1), top: [])
        var writer = try writer()
        let events = writer.append(.content("S", logprobs: [token])) + writer.append(.end(.stop))
        let expected: JSONValue = [["token": "S", "logprob": -1.0, "bytes": [83], "top_logprobs": []]]
        for event in events where event.type.hasPrefix("response.output_text") {
            guard case .object(let object) = event.json else { return }
            #expect(object["logprobs"] == expected)
        }
        #expect(writer.response.output.first?.content == .message(.assistant, [.text("S")], logprobs: [token]))
    }

    @Test("pages follow each other in both directions")
    func pages() throws {
        let items = (0..<5).map { ResponseItem(.message(.user, [.text("\($0)")]), id: "msg_\($0)") }
        func page(_ after: String?, _ limit: Int, _ isAscending: Bool) throws -> [JSONValue?] {
            let list = try ResponseItemList(items, after: after, limit: limit, isAscending: isAscending)
            guard case .object(let object) = list.json else { return [] }
            return [object["first_id"], object["last_id"], object["has_more"]]
        }
        #expect(try page(nil, 2, true) == ["msg_0", "msg_1", true])
        #expect(try page("msg_1", 3, true) == ["msg_2", "msg_4", false])
        #expect(try page(nil, 5, false) == ["msg_4", "msg_0", false])
        #expect(try page("msg_3", 1, false) == ["msg_2", "msg_2", true])
        #expect(try page("msg_4", 1, true) == ["", "", false])
        #expect(throws: APIError.self) { try page("msg_9", 1, true) }
    }
}
