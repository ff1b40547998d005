internal import Foundation

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

        /// What is told beside it.
        package let details: ToldDetails

        package init(
            index: Int,
            message: CollectedMessage,
            showsLogprobs: Bool = false,
            usesFunctions: Bool = false,
            details: ToldDetails = ToldDetails()
        ) {
            self.index = index
            self.details = details
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
        if let timings = choices.compactMap(\.details.timings).total { object.append("timings", timings.json) }
        return .object(object)
    }
}

extension [AnswerTimings] {
    /// Of all answers of a request; nil where none is told.
    var total: AnswerTimings? { isEmpty ? nil : dropFirst().reduce(self[0], +) }
}

extension ChatCompletion.Choice: JSONRepresentable {
    package var json: JSONValue {
        var object = JSONObject([
            ("index", JSONValue(index)),
            ("message", messageJSON),
            ("logprobs", showsLogprobs ? message.logprobs.chatJSON : .null),
            ("finish_reason", message.reason.chatReason(usesFunctions: usesFunctions).json),
        ])
        if let tokens = details.tokensJSON { object.append("tokens", tokens) }
        return .object(object)
    }

    private var messageJSON: JSONValue {
        // OpenAI's content is null where the model has only called, and where it is spoken.
        let isNull = message.content.isEmpty && !message.calls.isEmpty || message.audio != nil
        var object = JSONObject([
            ("role", "assistant"),
            ("content", isNull ? .null : .string(message.content)),
            ("refusal", .null),
            ("annotations", []),
        ])
        if let audio = message.audio {
            object.append(
                "audio",
                [
                    "id": .string(audio.id), "data": .string(audio.data), "transcript": .string(message.content),
                    "expires_at": JSONValue(audio.expiresAt),
                ]
            )
        }
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
    /// An element of `logprobs`, or of llama-server's `completion_probabilities`.
    var chatJSON: JSONValue {
        var object = chosen.chatObject(form)
        object.append(
            form == .llamaDrawn ? "top_probs" : "top_logprobs",
            .array(top.map { .object($0.chatObject(form)) })
        )
        return .object(object)
    }
}

extension TokenLogprob.Entry {
    fileprivate func chatObject(_ form: TokenLogprob.Form) -> JSONObject {
        var members: [(String, JSONValue)] = form == .openAI ? [] : [("id", JSONValue(id))]
        members.append(("token", .string(String(decoding: bytes, as: UTF8.self))))
        // OpenAI gives less likely ones this number too.
        members.append(
            form == .llamaDrawn ? ("prob", .number(exp(logprob))) : ("logprob", .number(max(logprob, -9999)))
        )
        members.append(("bytes", .array(bytes.map { JSONValue(Int($0)) })))
        return JSONObject(members)
    }
}
