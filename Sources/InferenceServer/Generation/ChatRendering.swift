import WireFormat

/// A conversation as `ChatTemplate` takes it: llama.cpp's messages and options.
struct ChatRendering {
    let messages: JSONValue
    let options: JSONValue
    /// The names of tools that take a text: templates see functions with one argument.
    let customTools: Set<String>

    /// The one argument of a custom tool.
    static let customArgument = "input"

    /// - Parameters:
    ///   - conversation: What is rendered.
    ///   - markers: What stands for its images and sounds.
    init(_ conversation: Conversation, markers: MediaMarkers? = nil) {
        let names = conversation.tools.filter { if case .custom = $0.kind { true } else { false } }.map(\.name)
        customTools = Set(names)
        messages = Self.messages(conversation.turns, markers)
        options = Self.options(conversation)
    }

    private static func messages(_ turns: [Turn], _ markers: MediaMarkers?) -> JSONValue {
        var toolNames: [String: String] = [:]
        var media = 0
        return .array(
            turns.map { turn in
                let text = turn.text { markers?.marker(media + $0) ?? "" }
                media += turn.media.count
                var object = JSONObject([("role", .string(turn.role.rawValue)), ("content", .string(text))])
                if let reasoning = turn.reasoning, !reasoning.isEmpty {
                    object.append("reasoning_content", .string(reasoning))
                }
                if !turn.calls.isEmpty { object.append("tool_calls", .array(turn.calls.map(call))) }
                for call in turn.calls { toolNames[call.id] = call.name }
                if let id = turn.callID { object.append("tool_call_id", .string(id)) }
                // Some templates tell results by the name of what was called.
                if let name = turn.name ?? turn.callID.flatMap({ toolNames[$0] }) {
                    object.append("name", .string(name))
                }
                return .object(object)
            }
        )
    }

    private static func call(_ call: ToolCall) -> JSONValue {
        let custom: JSONValue = [customArgument: .string(call.arguments)]
        let arguments = call.isCustom ? custom.text : call.arguments
        return [
            "id": .string(call.id), "type": "function",
            "function": ["name": .string(call.name), "arguments": .string(arguments)],
        ]
    }

    private static func options(_ conversation: Conversation) -> JSONValue {
        var options = JSONObject()
        let choice = conversation.toolChoice
        // Without a choice of them, tools are not even told of: no call can come then.
        let tools = choice.mode == .none ? [] : conversation.tools.filter { choice.allowed?.contains($0.name) ?? true }
        if !tools.isEmpty {
            options.append("tools", .array(tools.map(tool)))
            options.append("tool_choice", .string(choice.mode.name))
            options.append("strict_tools", .bool(tools.contains(where: \.isStrict)))
        }
        if let parallel = conversation.allowsParallelCalls { options.append("parallel_tool_calls", .bool(parallel)) }
        switch conversation.responseFormat {
        case .text: break
        case .jsonObject: options.append("json_schema", ["type": "object"])
        case .jsonSchema(let schema, _): options.append("json_schema", schema)
        }
        if conversation.turns.last?.role == .assistant {
            options.append("continue_final_message", true)
        } else if !conversation.opensAnswer {
            options.append("add_generation_prompt", false)
        }
        let reasoning = conversation.reasoning
        if let isEnabled = reasoning.isEnabled { options.append("enable_thinking", .bool(isEnabled)) }
        if reasoning.isSeparate { options.append("reasoning_format", "auto") }
        var arguments = conversation.templateArguments
        if let effort = reasoning.effort, arguments["reasoning_effort"] == nil {
            arguments.append("reasoning_effort", .string(effort))
        }
        if !arguments.members.isEmpty { options.append("chat_template_kwargs", .object(arguments)) }
        return .object(options)
    }

    private static func tool(_ tool: Tool) -> JSONValue {
        let parameters: JSONValue
        switch tool.kind {
        case .function(let schema, _): parameters = schema
        case .custom(let grammar):
            var input = JSONObject([("type", "string")])
            if let grammar { input.append(JSONSchema.grammarKey, .string(grammar)) }
            parameters = [
                "type": "object", "properties": [customArgument: .object(input)], "required": [.string(customArgument)],
                "additionalProperties": false,
            ]
        }
        return [
            "type": "function",
            "function": [
                "name": .string(tool.name), "description": .string(tool.description ?? ""), "parameters": parameters,
            ],
        ]
    }
}

extension ToolChoice.Mode {
    fileprivate var name: String {
        switch self {
        case .none: "none"
        case .automatic: "auto"
        case .required: "required"
        }
    }
}

extension Tool {
    /// Whether its arguments have to be of its schema, whatever the template's own format of calls can do.
    fileprivate var isStrict: Bool {
        switch kind {
        case .function(_, let isStrict): isStrict
        case .custom(let grammar): grammar != nil
        }
    }
}
