/// Makes the chunks of a streamed answer to a chat request; it holds no state.
///
/// For each answer, `opening`, then a chunk for each event. When all are closed, `usage` if the request asked for it.
package struct ChatCompletionStream: Sendable {
    package let header: ResponseHeader

    /// Whether the request asked for the usage: then every chunk has the member, null in all but the last.
    package let includesUsage: Bool

    /// Whether probabilities were asked for.
    package let showsLogprobs: Bool

    /// Whether a call is told in the old form.
    package let usesFunctions: Bool

    /// Whether chunks hold their text in `message` too, as text-generation-webui's clients read it.
    package let showsMessage: Bool

    package init(
        header: ResponseHeader,
        includesUsage: Bool,
        showsLogprobs: Bool = false,
        usesFunctions: Bool = false,
        showsMessage: Bool = false
    ) {
        self.header = header
        self.includesUsage = includesUsage
        self.showsLogprobs = showsLogprobs
        self.usesFunctions = usesFunctions
        self.showsMessage = showsMessage
    }

    /// The first chunk of an answer; one that is spoken has no content.
    package func opening(_ index: Int, isSpoken: Bool = false) -> JSONValue {
        chunk(index, delta: ["role": "assistant", "content": isSpoken ? .null : "", "refusal": .null])
    }

    /// The chunk for a step of an answer.
    package func chunk(_ event: AnswerEvent, _ index: Int, _ details: ToldDetails = ToldDetails()) -> JSONValue {
        switch event {
        case .reasoning(let text): chunk(index, delta: ["reasoning_content": .string(text)], details: details)
        case .content(let text, let logprobs):
            chunk(
                index,
                delta: ["content": .string(text)],
                logprobs: showsLogprobs ? logprobs.chatJSON : .null,
                details: details
            )
        case .callBegan(let number, let call):
            if usesFunctions {
                chunk(index, delta: ["function_call": call.functionJSON], details: details)
            } else {
                chunk(index, delta: ["tool_calls": [call.beginning(number)]], details: details)
            }
        case .arguments(let number, let text): chunk(index, delta: arguments(text, number), details: details)
        case .end(let reason):
            chunk(
                index,
                delta: [:],
                finishReason: reason.chatReason(usesFunctions: usesFunctions).json,
                details: details
            )
        }
    }

    /// The chunk for a piece of what is spoken, as text; the first one tells the sound's id.
    package func transcript(
        _ text: String,
        id: String?,
        logprobs: [TokenLogprob],
        _ index: Int,
        _ details: ToldDetails = ToldDetails()
    ) -> JSONValue {
        let id = id.map { [("id", JSONValue.string($0))] } ?? []
        return chunk(
            index,
            delta: ["audio": .object(JSONObject(id + [("transcript", .string(text))]))],
            logprobs: showsLogprobs ? logprobs.chatJSON : .null,
            details: details
        )
    }

    /// The chunk for a piece of the sound, in base64.
    package func sound(_ data: String, _ index: Int) -> JSONValue {
        chunk(index, delta: ["audio": ["data": .string(data)]])
    }

    /// The chunk behind all sound of an answer.
    package func soundEnd(expiresAt: Int, _ index: Int) -> JSONValue {
        chunk(index, delta: ["audio": ["expires_at": JSONValue(expiresAt)]])
    }

    /// The chunk for a piece of what a custom tool is called with.
    package func customInput(
        _ text: String,
        call number: Int,
        _ index: Int,
        _ details: ToldDetails = ToldDetails()
    ) -> JSONValue {
        let call: JSONValue = ["index": JSONValue(number), "custom": ["input": .string(text)]]
        return chunk(index, delta: ["tool_calls": [call]], details: details)
    }

    /// The last chunk of the stream.
    package func usage(_ usage: Usage) -> JSONValue { chunk(choices: [], usage: usage.json) }

    private func arguments(_ text: String, _ number: Int) -> JSONValue {
        if usesFunctions { return ["function_call": ["arguments": .string(text)]] }
        return ["tool_calls": [["index": JSONValue(number), "function": ["arguments": .string(text)]]]]
    }

    private func chunk(
        _ index: Int,
        delta: JSONValue,
        logprobs: JSONValue = .null,
        finishReason: JSONValue = .null,
        details: ToldDetails = ToldDetails()
    ) -> JSONValue {
        var choice = JSONObject([
            ("index", JSONValue(index)), ("delta", delta), ("logprobs", logprobs), ("finish_reason", finishReason),
        ])
        if showsMessage {
            let text: JSONValue? = if case .object(let members) = delta { members["content"] } else { nil }
            choice.append("message", ["role": "assistant", "content": text ?? ""])
        }
        if let tokens = details.tokensJSON { choice.append("tokens", tokens) }
        return chunk(choices: [.object(choice)], usage: includesUsage ? .null : nil, details)
    }

    /// A chunk; `usage` is left out where it is nil.
    private func chunk(choices: [JSONValue], usage: JSONValue?, _ details: ToldDetails = ToldDetails()) -> JSONValue {
        var object = header.object("chat.completion.chunk")
        object.append("service_tier", .string((header.serviceTier ?? .default).rawValue))
        object.append("system_fingerprint", .string(header.systemFingerprint))
        object.append("choices", .array(choices))
        if let usage { object.append("usage", usage) }
        details.add(to: &object)
        return .object(object)
    }
}

extension ToolCall {
    /// What a stream tells of a call first.
    fileprivate func beginning(_ number: Int) -> JSONValue {
        guard case .object(var object) = chatJSON else { return chatJSON }
        object = JSONObject(
            members: [JSONObject.Member(key: "index", value: JSONValue(number))] + object.members
        )
        return .object(object)
    }
}
