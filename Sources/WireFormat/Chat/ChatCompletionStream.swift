/// Makes the chunks of a streamed answer to a chat request; it holds no state.
///
/// For each answer, in this order: `opening`, any number of `content`, `closing`. When all are closed, `usage` if the
/// request asked for it.
package struct ChatCompletionStream: Sendable {
    package let header: ResponseHeader

    /// Whether the request asked for the usage: then every chunk has the member, null in all but the last.
    package let includesUsage: Bool

    package init(header: ResponseHeader, includesUsage: Bool) {
        self.header = header
        self.includesUsage = includesUsage
    }

    /// The first chunk of an answer.
    package func opening(_ index: Int) -> JSONValue {
        chunk(index, delta: ["role": "assistant", "content": "", "refusal": .null])
    }

    /// A piece of an answer.
    package func content(_ text: String, _ index: Int) -> JSONValue {
        chunk(index, delta: ["content": .string(text)])
    }

    /// The last chunk of an answer.
    package func closing(_ reason: FinishReason, _ index: Int) -> JSONValue {
        chunk(index, delta: [:], finishReason: reason.json)
    }

    /// The last chunk of the stream.
    package func usage(_ usage: Usage) -> JSONValue { chunk(choices: [], usage: usage.json) }

    private func chunk(_ index: Int, delta: JSONValue, finishReason: JSONValue = .null) -> JSONValue {
        let choice: JSONValue = [
            "index": JSONValue(index), "delta": delta, "logprobs": .null, "finish_reason": finishReason,
        ]
        return chunk(choices: [choice], usage: includesUsage ? .null : nil)
    }

    /// A chunk; `usage` is left out where it is nil.
    private func chunk(choices: [JSONValue], usage: JSONValue?) -> JSONValue {
        var object = header.object("chat.completion.chunk")
        object.append("service_tier", .string((header.serviceTier ?? .default).rawValue))
        object.append("system_fingerprint", .string(header.systemFingerprint))
        object.append("choices", .array(choices))
        if let usage { object.append("usage", usage) }
        return .object(object)
    }
}
