/// Makes the events of a streamed message in Anthropic's API.
///
/// First `opening`; then those of each step of the answer but its end; then `closing`. An event's name is its `type`.
package struct MessageStream: Sendable {
    private enum Block: Sendable {
        case thinking, text, call
    }

    package let id: String
    package let model: String
    package let showsThinking: Bool
    private var open: Block?
    /// Of the block that is open, or comes next.
    private var index = 0

    package init(id: String, model: String, showsThinking: Bool = true) {
        self.id = id
        self.model = model
        self.showsThinking = showsThinking
    }

    /// The events before the first step; the usage tells the tokens of the prompt.
    package func opening(_ usage: Usage) -> [JSONValue] {
        var message = Message.header(id: id, model: model)
        message.append("content", [])
        message.append("stop_reason", .null)
        message.append("stop_sequence", .null)
        message.append("usage", usage.messageJSON)
        return [["type": "message_start", "message": .object(message)], ["type": "ping"]]
    }

    /// The events of one step; none of the end.
    package mutating func events(_ event: AnswerEvent) -> [JSONValue] {
        switch event {
        case .reasoning(let text):
            var events = begin(.thinking, ["type": "thinking", "thinking": "", "signature": ""])
            if showsThinking { events.append(delta(["type": "thinking_delta", "thinking": .string(text)])) }
            return events
        case .content(let text, _):
            return begin(.text, ["type": "text", "text": ""]) + [delta(["type": "text_delta", "text": .string(text)])]
        case .callBegan(_, let call):
            let block: JSONValue = [
                "type": "tool_use", "id": .string(call.id), "name": .string(call.name), "input": [:],
            ]
            let closing = close()
            return closing + begin(.call, block)
        case .arguments(_, let text):
            return [delta(["type": "input_json_delta", "partial_json": .string(text)])]
        case .end: return []
        }
    }

    /// The events behind the last step.
    package mutating func closing(_ stop: MessageStop, _ usage: Usage) -> [JSONValue] {
        close() + [
            ["type": "message_delta", "delta": .object(JSONObject(stop.members)), "usage": usage.messageJSON],
            ["type": "message_stop"],
        ]
    }

    /// Opens a block, unless one of its kind is open.
    private mutating func begin(_ kind: Block, _ block: JSONValue) -> [JSONValue] {
        guard open != kind else { return [] }
        let closing = close()
        open = kind
        return closing + [["type": "content_block_start", "index": JSONValue(index), "content_block": block]]
    }

    private mutating func close() -> [JSONValue] {
        guard let open else { return [] }
        var events: [JSONValue] = []
        if open == .thinking { events.append(delta(["type": "signature_delta", "signature": ""])) }
        events.append(["type": "content_block_stop", "index": JSONValue(index)])
        self.open = nil
        index += 1
        return events
    }

    private func delta(_ delta: JSONValue) -> JSONValue {
        ["type": "content_block_delta", "index": JSONValue(index), "delta": delta]
    }
}

extension JSONValue {
    /// The member `type` of an event of Anthropic's or OpenAI's streams.
    package var eventType: String {
        if case .object(let object) = self, case .string(let type)? = object["type"] { type } else { "" }
    }
}
