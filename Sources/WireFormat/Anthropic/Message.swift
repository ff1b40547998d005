/// Why a message ended, in Anthropic's words.
package enum MessageStop: Sendable, Equatable {
    case endTurn, maxTokens, contextExceeded, toolUse
    /// The stop sequence that came up.
    case sequence(String)

    /// The reason of an answer.
    ///
    /// - Parameters:
    ///   - reason: The answer's own.
    ///   - matched: The text that ended it, if one did.
    ///   - generated: How many tokens it has.
    ///   - parameters: What was asked for.
    package init(_ reason: FinishReason, matched: String?, generated: Int, parameters: GenerationParameters) {
        switch reason {
        case .toolCalls, .functionCall: self = .toolUse
        case .length: self = generated < parameters.maximumTokens ?? .max ? .contextExceeded : .maxTokens
        case .stop:
            if let matched, parameters.stop.contains(matched) { self = .sequence(matched) } else { self = .endTurn }
        }
    }

    private var name: String {
        switch self {
        case .endTurn: "end_turn"
        case .maxTokens: "max_tokens"
        case .contextExceeded: "model_context_window_exceeded"
        case .toolUse: "tool_use"
        case .sequence: "stop_sequence"
        }
    }

    /// The members that tell of it.
    var members: [(String, JSONValue)] {
        let sequence: String? = if case .sequence(let text) = self { text } else { nil }
        return [("stop_reason", .string(name)), ("stop_sequence", JSONValue(sequence))]
    }
}

/// A whole message in Anthropic's API.
package struct Message: JSONRepresentable, Equatable {
    package let id: String
    package let model: String
    package let content: CollectedMessage
    package let stop: MessageStop
    package let usage: Usage
    package let showsThinking: Bool

    package init(
        id: String,
        model: String,
        content: CollectedMessage,
        stop: MessageStop,
        usage: Usage,
        showsThinking: Bool = true
    ) {
        self.id = id
        self.model = model
        self.content = content
        self.stop = stop
        self.usage = usage
        self.showsThinking = showsThinking
    }

    package var json: JSONValue {
        var object = Self.header(id: id, model: model)
        object.append("content", .array(blocks))
        for (key, value) in stop.members { object.append(key, value) }
        object.append("usage", usage.messageJSON)
        return .object(object)
    }

    /// What every message begins with.
    static func header(id: String, model: String) -> JSONObject {
        JSONObject([
            ("id", .string(id)), ("type", "message"), ("role", "assistant"), ("model", .string(model)),
        ])
    }

    private var blocks: [JSONValue] {
        var blocks: [JSONValue] = []
        if !content.reasoning.isEmpty {
            // Nothing is signed: whoever has the answer has this server.
            blocks.append([
                "type": "thinking", "thinking": .string(showsThinking ? content.reasoning : ""), "signature": "",
            ])
        }
        if !content.content.isEmpty { blocks.append(["type": "text", "text": .string(content.content)]) }
        for call in content.calls {
            blocks.append([
                "type": "tool_use", "id": .string(call.id), "name": .string(call.name), "input": call.inputJSON,
            ])
        }
        return blocks
    }
}

extension ToolCall {
    /// The arguments as an object; those that are none, as where the answer was cut off, in one as Anthropic proposes.
    var inputJSON: JSONValue {
        if let value = try? JSONValue.parse(arguments), case .object = value { return value }
        return ["INVALID_JSON": .string(arguments)]
    }
}

extension Usage {
    /// The counts as Anthropic tells them: tokens from the cache are not among the input's.
    var messageJSON: JSONValue {
        [
            "input_tokens": JSONValue(promptTokens - cachedTokens),
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": JSONValue(cachedTokens),
            "output_tokens": JSONValue(completionTokens),
        ]
    }
}
