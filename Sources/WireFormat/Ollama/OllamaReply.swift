/// How long the parts of an answer took, in nanoseconds.
package struct OllamaDurations: Sendable, Equatable {
    /// From the request to the last token.
    package let total: Int

    /// Until the model was there.
    package let load: Int

    /// From the first step for the prompt to the first token.
    package let promptEvaluation: Int

    /// From the first token to the last one.
    package let evaluation: Int

    package init(total: Int, load: Int, promptEvaluation: Int, evaluation: Int) {
        self.total = total
        self.load = load
        self.promptEvaluation = promptEvaluation
        self.evaluation = evaluation
    }
}

/// Makes the objects of an answer in Ollama's API, whole or in lines as it comes.
///
/// A call is told once it is whole.
package struct OllamaReply: Sendable {
    /// Which request is answered: a chat's answer is a message.
    package enum Kind: Sendable {
        case chat, generate
    }

    package let kind: Kind
    package let model: String

    /// By ISO 8601.
    package let createdAt: String

    private var call: ToolCall?

    package init(_ kind: Kind, model: String, createdAt: String) {
        self.kind = kind
        self.model = model
        self.createdAt = createdAt
    }

    /// The lines of one step; that of the end is `closing`.
    package mutating func lines(_ event: AnswerEvent) -> [JSONValue] {
        switch event {
        case .reasoning(let text): return finishCall() + [line(CollectedMessage(reasoning: text))]
        case .content(let text, let logprobs):
            return finishCall() + [line(CollectedMessage(content: text, logprobs: logprobs))]
        case .callBegan(_, let call):
            let lines = finishCall()
            self.call = call
            return lines
        case .arguments(_, let text):
            call?.arguments += text
            return []
        case .end: return finishCall()
        }
    }

    /// The last line.
    package func closing(_ reason: FinishReason, _ usage: Usage, _ durations: OllamaDurations) -> JSONValue {
        whole(CollectedMessage(reason: reason), usage, durations)
    }

    /// The whole answer in one object.
    package func whole(_ message: CollectedMessage, _ usage: Usage, _ durations: OllamaDurations) -> JSONValue {
        var object = self.object(message)
        object.append("done", true)
        object.append("done_reason", message.reason == .length ? "length" : "stop")
        object.append("total_duration", JSONValue(durations.total))
        object.append("load_duration", JSONValue(durations.load))
        object.append("prompt_eval_count", JSONValue(usage.promptTokens))
        object.append("prompt_eval_duration", JSONValue(durations.promptEvaluation))
        object.append("eval_count", JSONValue(usage.completionTokens))
        object.append("eval_duration", JSONValue(durations.evaluation))
        return .object(object)
    }

    /// The answer to a request that asks nothing: the model is loaded.
    package var loaded: JSONValue {
        var object = self.object(CollectedMessage())
        object.append("done", true)
        object.append("done_reason", "load")
        return .object(object)
    }

    /// The answer to a request that asks nothing: the model is unloaded.
    package var unloaded: JSONValue {
        var object = self.object(CollectedMessage())
        object.append("done", true)
        object.append("done_reason", "unload")
        return .object(object)
    }

    private mutating func finishCall() -> [JSONValue] {
        guard let call else { return [] }
        self.call = nil
        return [line(CollectedMessage(calls: [call]))]
    }

    private func line(_ message: CollectedMessage) -> JSONValue {
        var object = self.object(message)
        object.append("done", false)
        return .object(object)
    }

    private func object(_ message: CollectedMessage) -> JSONObject {
        var object = JSONObject([("model", .string(model)), ("created_at", .string(createdAt))])
        // Arguments that were cut off are no object: they are told as the text that they are.
        let calls = message.calls.map { ($0, try? JSONValue.parse($0.arguments)) }
        let broken = calls.filter { $0.1 == nil }.map(\.0.arguments)
        let content = JSONValue.string(message.content + broken.joined())
        switch kind {
        case .chat:
            var content = JSONObject([("role", "assistant"), ("content", content)])
            if !message.reasoning.isEmpty { content.append("thinking", .string(message.reasoning)) }
            let whole = calls.compactMap { call, arguments in
                arguments.map { Self.json(call, arguments: $0) }
            }
            if !whole.isEmpty { content.append("tool_calls", .array(whole)) }
            object.append("message", .object(content))
        case .generate:
            object.append("response", content)
            if !message.reasoning.isEmpty { object.append("thinking", .string(message.reasoning)) }
        }
        if !message.logprobs.isEmpty { object.append("logprobs", .array(message.logprobs.map(\.ollamaJSON))) }
        return object
    }

    private static func json(_ call: ToolCall, arguments: JSONValue) -> JSONValue {
        ["id": .string(call.id), "function": ["name": .string(call.name), "arguments": arguments]]
    }
}

extension TokenLogprob {
    fileprivate var ollamaJSON: JSONValue {
        var object = chosen.ollamaObject
        object.append("top_logprobs", .array(top.map { .object($0.ollamaObject) }))
        return .object(object)
    }
}

extension TokenLogprob.Entry {
    fileprivate var ollamaObject: JSONObject {
        JSONObject([
            ("token", .string(String(decoding: bytes, as: UTF8.self))),
            ("logprob", .number(max(logprob, -9999))),
            ("bytes", .array(bytes.map { JSONValue(Int($0)) })),
        ])
    }
}

extension APIError {
    /// The body of the error in Ollama's form.
    package var ollamaJSON: JSONValue { ["error": .string(message)] }
}
