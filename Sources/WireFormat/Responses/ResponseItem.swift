/// An element of what a response was made from, or of what it says.
package struct ResponseItem: Sendable, Equatable {
    package enum Status: String, Sendable, CaseIterable {
        case inProgress = "in_progress"
        case completed, incomplete
    }

    package enum Content: Sendable, Equatable {
        /// Of any role but `tool`; probabilities are those of an answer's tokens.
        case message(Turn.Role, [ContentPart], logprobs: [TokenLogprob] = [])
        case call(ToolCall)
        case result(callID: String, [ContentPart], isCustom: Bool)
        /// Wrapped: the text is told a second time, for clients that hand it back.
        case reasoning(String, isWrapped: Bool = false)
        /// What stands for the items before it.
        case summary(String)
    }

    package var id: String
    package var content: Content
    package var status: Status

    /// An item with a new id of its kind.
    package init(_ content: Content, id: String? = nil, status: Status = .completed) {
        self.id = id ?? ResponseID.make(content.prefix)
        self.content = content
        self.status = status
    }

    /// About what it takes in memory, in bytes.
    package var size: Int {
        let texts =
            switch content {
            case .message(_, let parts, let logprobs):
                parts.size + logprobs.reduce(0) { $0 + 64 + 64 * $1.top.count }
            case .call(let call): call.id.utf8.count + call.name.utf8.count + call.arguments.utf8.count
            case .result(let id, let parts, _): id.utf8.count + parts.size
            case .reasoning(let text, _), .summary(let text): text.utf8.count
            }
        return 256 + texts
    }
}

extension ResponseItem.Content {
    /// How ids of such items begin.
    fileprivate var prefix: String {
        switch self {
        case .message: "msg_"
        case .call(let call): call.isCustom ? "ctc_" : "fc_"
        case .result(_, _, let isCustom): isCustom ? "ctco_" : "fco_"
        case .reasoning: "rs_"
        case .summary: "cmp_"
        }
    }
}

extension [ContentPart] {
    fileprivate var size: Int {
        reduce(0) { sum, part in
            switch part {
            case .text(let text): sum + 64 + text.utf8.count
            case .image(let image): sum + 64 + image.dataURL.utf8.count
            case .audio(let audio): sum + 64 + audio.base64.utf8.count
            case .spoken: sum + 64
            }
        }
    }
}

extension ResponseItem: JSONRepresentable {
    package var json: JSONValue {
        switch content {
        case .message(let role, let parts, let logprobs):
            object("message", [("role", .string(role.rawValue)), ("content", message(role, parts, logprobs))])
        case .call(let call) where call.isCustom:
            object(
                "custom_tool_call",
                [("call_id", .string(call.id)), ("name", .string(call.name)), ("input", .string(call.arguments))]
            )
        case .call(let call):
            object(
                "function_call",
                [("call_id", .string(call.id)), ("name", .string(call.name)), ("arguments", .string(call.arguments))]
            )
        case .result(let callID, let parts, let isCustom):
            object(
                isCustom ? "custom_tool_call_output" : "function_call_output",
                [("call_id", .string(callID)), ("output", parts.resultJSON)]
            )
        case .reasoning(let text, let isWrapped):
            object(
                "reasoning",
                [
                    ("summary", []),
                    ("content", text.isEmpty ? [] : [["type": "reasoning_text", "text": .string(text)]]),
                    ("encrypted_content", isWrapped ? .string(OpaqueText.wrap(text)) : .null),
                ]
            )
        case .summary(let text):
            ["id": .string(id), "type": "compaction", "encrypted_content": .string(OpaqueText.wrap(text))]
        }
    }

    private func object(_ type: String, _ members: [(String, JSONValue)]) -> JSONValue {
        let head: [(String, JSONValue)] = [
            ("id", .string(id)), ("type", .string(type)), ("status", .string(status.rawValue)),
        ]
        return .object(JSONObject(head + members))
    }

    private func message(_ role: Turn.Role, _ parts: [ContentPart], _ logprobs: [TokenLogprob]) -> JSONValue {
        guard role == .assistant else { return .array(parts.map(\.inputJSON)) }
        return .array(
            parts.enumerated().compactMap { index, part -> JSONValue? in
                guard case .text(let text) = part else { return nil }
                return .outputText(text, logprobs: index == 0 ? logprobs : [])
            }
        )
    }
}

extension JSONValue {
    /// A part of an answer's content.
    static func outputText(_ text: String, logprobs: [TokenLogprob]) -> JSONValue {
        [
            "type": "output_text", "text": .string(text), "annotations": [],
            "logprobs": .array(logprobs.map(\.chatJSON)),
        ]
    }
}

extension ContentPart {
    /// The part as one of what a model is told.
    fileprivate var inputJSON: JSONValue {
        switch self {
        case .text(let text): ["type": "input_text", "text": .string(text)]
        case .image(let image): ["type": "input_image", "image_url": .string(image.dataURL), "detail": "auto"]
        case .audio(let audio): ["type": "input_audio", "input_audio": ["data": .string(audio.base64)]]
        case .spoken(let answer): ["type": "output_audio", "id": .string(answer.id)]
        }
    }
}

extension [ContentPart] {
    /// A tool's result: a text where it is one.
    fileprivate var resultJSON: JSONValue {
        if count == 1, case .text(let text) = self[0] { return .string(text) }
        return .array(map(\.inputJSON))
    }
}
