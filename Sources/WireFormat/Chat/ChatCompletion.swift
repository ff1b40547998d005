/// The whole answer to a chat request.
package struct ChatCompletion: JSONRepresentable, Equatable {
    /// One of the answers.
    package struct Choice: Sendable, Equatable {
        package let index: Int
        package let message: CollectedMessage

        /// Whether probabilities were asked for.
        package let showsLogprobs: Bool

        /// Whether a call is told in the old form.
        package let usesFunctions: Bool

        package init(index: Int, message: CollectedMessage, showsLogprobs: Bool = false, usesFunctions: Bool = false) {
            self.index = index
            self.message = message
            self.showsLogprobs = showsLogprobs
            self.usesFunctions = usesFunctions
        }
    }

    package let header: ResponseHeader
    package let choices: [Choice]
    package let usage: Usage

    package init(header: ResponseHeader, choices: [Choice], usage: Usage) {
        self.header = header
        self.choices = choices
        self.usage = usage
    }

    package var json: JSONValue {
        var object = header.object("chat.completion")
        object.append("choices", .array(choices.map(\.json)))
        object.append("usage", usage.json)
        object.append("service_tier", .string((header.serviceTier ?? .default).rawValue))
        object.append("system_fingerprint", .string(header.systemFingerprint))
        return .object(object)
    }
}

extension ChatCompletion.Choice: JSONRepresentable {
    package var json: JSONValue {
        [
            "index": JSONValue(index),
            "message": messageJSON,
            "logprobs": showsLogprobs ? message.logprobs.chatJSON : .null,
            "finish_reason": message.reason.chatReason(usesFunctions: usesFunctions).json,
        ]
    }

    private var messageJSON: JSONValue {
        // OpenAI's content is null where the model has only called.
        let isNull = message.content.isEmpty && !message.calls.isEmpty
        var object = JSONObject([
            ("role", "assistant"),
            ("content", isNull ? .null : .string(message.content)),
            ("refusal", .null),
            ("annotations", []),
        ])
        if !message.reasoning.isEmpty { object.append("reasoning_content", .string(message.reasoning)) }
        if let call = message.calls.first, usesFunctions {
            object.append("function_call", call.functionJSON)
        } else if !message.calls.isEmpty {
            object.append("tool_calls", .array(message.calls.map(\.chatJSON)))
        }
        return .object(object)
    }
}

extension FinishReason {
    /// The reason as chat completions name it.
    func chatReason(usesFunctions: Bool) -> FinishReason {
        self == .toolCalls && usesFunctions ? .functionCall : self
    }
}

extension ToolCall {
    /// The call as an element of `tool_calls`.
    var chatJSON: JSONValue {
        isCustom
            ? [
                "id": .string(id), "type": "custom",
                "custom": ["name": .string(name), "input": .string(arguments)],
            ]
            : ["id": .string(id), "type": "function", "function": functionJSON]
    }

    /// The name and the arguments.
    var functionJSON: JSONValue { ["name": .string(name), "arguments": .string(arguments)] }
}

extension [TokenLogprob] {
    /// `logprobs` of a chat completion.
    var chatJSON: JSONValue { ["content": .array(map(\.chatJSON)), "refusal": .null] }
}

extension TokenLogprob {
    fileprivate var chatJSON: JSONValue {
        var object = chosen.chatObject
        object.append("top_logprobs", .array(top.map { .object($0.chatObject) }))
        return .object(object)
    }
}

extension TokenLogprob.Entry {
    fileprivate var chatObject: JSONObject {
        JSONObject([
            ("token", .string(String(decoding: bytes, as: UTF8.self))),
            // OpenAI gives less likely ones this number too.
            ("logprob", .number(max(logprob, -9999))),
            ("bytes", .array(bytes.map { JSONValue(Int($0)) })),
        ])
    }
}
