/// An element of a request's input.
package enum ResponseInput: Sendable, Equatable {
    case item(ResponseItem)
    /// The id of an item that the server knows.
    case reference(String)
}

/// `input`: a text, or a list of items.
struct ResponseInputShape: Shape {
    /// Whether messages of the user may hold JSON, too.
    var takesJSON = false

    let name = ShapeName(singular: "one of a string or array of objects", plural: "strings or arrays of objects")

    var schema: JSONValue { .anyOf(StringShape(), ListShape(of: ResponseItemShape(takesJSON: takesJSON))) }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> [ResponseInput] {
        switch value {
        case .string(let text): [.item(ResponseItem(.message(.user, [.text(text)])))]
        case .array:
            try ListShape(of: ResponseItemShape(takesJSON: takesJSON), maximumCount: 20_000).decode(value, at: path)
        default: throw mismatch(value, at: path)
        }
    }
}

/// One item.
private struct ResponseItemShape: Shape {
    private enum Kind: String, CaseIterable {
        case message
        case functionCall = "function_call"
        case functionCallOutput = "function_call_output"
        case customToolCall = "custom_tool_call"
        case customToolCallOutput = "custom_tool_call_output"
        case reasoning, compaction
        case itemReference = "item_reference"
    }

    let takesJSON: Bool

    private enum Role: String, CaseIterable {
        case user, assistant, system, developer
    }

    private enum Parameters {
        static let type = Parameter("type", NameShape<Kind>())
        static let id = Parameter("id", StringShape(minimumLength: 1, maximumLength: 256))
        static let status = Parameter("status", ChoiceShape<ResponseItem.Status>())
        static let role = Parameter("role", ChoiceShape<Role>())
        static let content = Parameter("content", ResponseContentShape(allows: [.inputText, .inputImage]))
        static let decisionContent = Parameter("content", ResponseContentShape(allows: ResponseContentShape.decision))
        static let assistantContent = Parameter(
            "content",
            ResponseContentShape(allows: [.outputText, .refusal, .inputText])
        )
        static let callID = Parameter("call_id", StringShape(minimumLength: 1, maximumLength: 256))
        static let name = Parameter("name", ToolNameShape())
        static let arguments = Parameter("arguments", StringShape())
        static let input = Parameter("input", StringShape())
        static let output = Parameter("output", ResponseContentShape(allows: [.inputText, .inputImage]))
        static let summary = Parameter("summary", ResponseContentShape(allows: [.summaryText]))
        static let reasoning = Parameter("content", ResponseContentShape(allows: [.reasoningText]))
        static let opaque = Parameter("encrypted_content", OpaqueTextShape())
    }

    /// What clients send back with items of earlier responses.
    private static let dormant: [DormantParameter] = [
        .accepts("created_by", StringShape()),
        .accepts("phase", StringShape()),
        .refuses("caller", except: [["type": "direct"]]),
        .refuses("namespace"),
        .refuses("async", except: [false]),
    ]

    var name: ShapeName { .object }

    /// Which members there are depends on a type, which messages may leave out.
    var schema: JSONValue {
        let decode = { () throws(APIError) -> Void in _ = try self.decode([:], at: .root) }
        let messages = Role.allCases.map { role in
            JSONValue.schema(given: ["role": .string(role.rawValue)], of: decode)
                .replacing(member: "type", with: ["type": ["string", "null"], "enum": ["message", .null]])
        }
        let others = Kind.allCases.filter { $0 != .message }.map { kind in
            JSONValue.schema(
                given: ["type": .string(kind.rawValue)],
                leavingOut: ["role"],
                requiring: kind == .itemReference ? ["id"] : [],
                of: decode
            )
        }
        return ["anyOf": .array(messages + others)]
    }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> ResponseInput {
        try ObjectReader.read(value, at: path) { reader throws(APIError) in
            let type = try reader.optional(Parameters.type)
            let id = try reader.optional(Parameters.id)
            let status = try reader.optional(Parameters.status) ?? .completed
            try reader.check(Self.dormant)
            // Without a type, an item with a role is a message; with an id alone it refers to another.
            let role = try reader.optional(Parameters.role)
            let implied = role == nil && id != nil ? Kind.itemReference : .message
            guard let kind = type.map({ Kind(rawValue: $0) }) ?? implied else {
                throw .unsupportedKind(type ?? "", at: path.member("type"), supported: Kind.allCases)
            }
            if kind == .itemReference {
                guard let id else { throw .missing(path.member("id")) }
                return .reference(id)
            }
            if role != nil, kind != .message { throw .unknownParameter(path.member("role")) }
            return .item(ResponseItem(try content(kind, role, &reader), id: id, status: status))
        }
    }

    private func content(
        _ kind: Kind,
        _ role: Role?,
        _ reader: inout ObjectReader
    ) throws(APIError) -> ResponseItem.Content {
        switch kind {
        case .message:
            guard let role else { throw .missing(reader.path.member("role")) }
            return switch role {
            case .user:
                .message(.user, try reader.required(takesJSON ? Parameters.decisionContent : Parameters.content))
            case .system: .message(.system, try reader.required(Parameters.content))
            case .developer: .message(.developer, try reader.required(Parameters.content))
            case .assistant: .message(.assistant, try reader.required(Parameters.assistantContent))
            }
        case .functionCall:
            let arguments = try reader.required(Parameters.arguments)
            let isEmpty = arguments.allSatisfy(\.isWhitespace)
            return .call(
                ToolCall(
                    id: try reader.required(Parameters.callID),
                    name: try reader.required(Parameters.name),
                    arguments: isEmpty ? "{}" : arguments
                )
            )
        case .customToolCall:
            return .call(
                ToolCall(
                    id: try reader.required(Parameters.callID),
                    name: try reader.required(Parameters.name),
                    arguments: try reader.required(Parameters.input),
                    isCustom: true
                )
            )
        case .functionCallOutput, .customToolCallOutput:
            // The call says it better.
            _ = try reader.optional(Parameters.name)
            return .result(
                callID: try reader.required(Parameters.callID),
                try reader.required(Parameters.output),
                isCustom: kind == .customToolCallOutput
            )
        case .reasoning:
            let summary = try reader.optional(Parameters.summary) ?? []
            let parts = try reader.optional(Parameters.reasoning) ?? []
            let opaque = try reader.optional(Parameters.opaque)
            let told = Turn(.assistant, parts.isEmpty ? summary : parts).text
            return .reasoning(parts.isEmpty ? opaque ?? told : told, isWrapped: opaque != nil)
        case .compaction: return .summary(try reader.required(Parameters.opaque))
        case .itemReference: throw .missing(reader.path.member("id"))
        }
    }
}

/// `encrypted_content`: what this server gave an earlier answer.
private struct OpaqueTextShape: Shape {
    var name: ShapeName { .string }

    var schema: JSONValue { StringShape().schema }

    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> String {
        guard let text = OpaqueText.unwrap(try StringShape().decode(value, at: path)) else {
            throw .invalidValue("Invalid \(path.quoted): it is not of this server.", at: path)
        }
        return text
    }
}
