/// The whole answer to a chat request.
package struct ChatCompletion: JSONRepresentable, Equatable {
    /// One of the answers.
    package struct Choice: Sendable, Equatable {
        package let index: Int
        package let content: String
        package let finishReason: FinishReason

        package init(index: Int, content: String, finishReason: FinishReason) {
            self.index = index
            self.content = content
            self.finishReason = finishReason
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
            "message": ["role": "assistant", "content": .string(content), "refusal": .null, "annotations": []],
            "logprobs": .null,
            "finish_reason": finishReason.json,
        ]
    }
}
