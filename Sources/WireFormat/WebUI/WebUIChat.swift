/// What text-generation-webui's clients ask of a chat beyond OpenAI's API.
package struct WebUIChat: Sendable, Equatable {
    /// How messages become a prompt.
    package enum Mode: String, Sendable, CaseIterable {
        /// With the model's template, or an instruction template.
        case instruct
        /// As a dialogue between two names, which the model goes on with.
        case chat
        /// As such a dialogue inside a message that asks for the next reply.
        case chatInstruct = "chat-instruct"
    }

    /// Nil stands for `instruct`, with chunks in OpenAI's form alone.
    package var mode: Mode?

    /// The name of an instruction template.
    package var instructionTemplate: String?

    /// The source of an instruction template, in Jinja; goes before its name.
    package var inlineTemplate: String?

    /// What requests call it.
    package static let inlineTemplateParameter = "instruction_template_str"

    /// The name of a character.
    package var character: String?

    package var userName: String?
    package var botName: String?
    package var userBio: String?

    /// What the character is, in place of its file's.
    package var context: String?

    /// What the character says first, in place of its file's.
    package var greeting: String?

    /// The message of `chat-instruct`; `<|character|>` and `<|prompt|>` stand for the name and the dialogue.
    package var command: String?

    package init(mode: Mode? = nil) { self.mode = mode }
}

extension WebUIChat {
    private enum Parameters {
        static let mode = Parameter("mode", ChoiceShape<Mode>())
        static let template = Parameter("instruction_template", StringShape(minimumLength: 1, maximumLength: 100))
        static let inlineTemplate = Parameter(
            WebUIChat.inlineTemplateParameter,
            StringShape(minimumLength: 1, maximumLength: 65_536)
        )
        static let character = Parameter("character", StringShape(minimumLength: 1, maximumLength: 100))
        static let continues = Parameter("continue_", BooleanShape())
    }

    /// Reads what there is of it, or nil where there is nothing.
    ///
    /// - Throws: 400 for what has no meaning with the mode, or with the rest of the request.
    init?(
        reading reader: inout ObjectReader,
        _ conversation: Conversation,
        _ generation: GenerationParameters
    ) throws(APIError) {
        mode = try reader.optional(Parameters.mode)
        instructionTemplate = try reader.optional(Parameters.template)
        inlineTemplate = try reader.optional(Parameters.inlineTemplate)
        character = try reader.optional(Parameters.character)
        let isDialogue = mode == .chat || mode == .chatInstruct
        var given = character == nil ? [] : ["character"]
        userName = try Self.text("user_name", maximum: 100, &reader, &given)
        botName = try Self.text("bot_name", maximum: 100, &reader, &given)
        userBio = try Self.text("user_bio", maximum: 65_536, &reader, &given)
        context = try Self.text("context", maximum: 1_048_576, &reader, &given)
        greeting = try Self.text("greeting", maximum: 65_536, &reader, &given)
        command = try Self.text("chat_instruct_command", maximum: 65_536, &reader, &given)
        if let fault = given.first, !isDialogue {
            throw .invalidValue(
                "Invalid '\(fault)': it is only allowed with the 'mode' 'chat' or 'chat-instruct'.",
                at: reader.path.member(fault)
            )
        }
        if command != nil, mode == .chat {
            throw .invalidValue(
                "Invalid 'chat_instruct_command': it is only allowed with the 'mode' 'chat-instruct'.",
                at: reader.path.member("chat_instruct_command")
            )
        }
        if mode == .chat, instructionTemplate != nil || inlineTemplate != nil {
            let name = instructionTemplate != nil ? "instruction_template" : Self.inlineTemplateParameter
            throw .invalidValue(
                "Invalid '\(name)': a dialogue of the 'mode' 'chat' has no template.",
                at: reader.path.member(name)
            )
        }
        // A last message of the assistant is gone on from, whether that is asked for or not.
        if try reader.optional(Parameters.continues) ?? false, conversation.turns.last?.role != .assistant {
            throw .invalidValue(
                "Invalid 'continue_': the last message is not the assistant's.",
                at: reader.path.member("continue_")
            )
        }
        if isDialogue { try Self.check(conversation, generation, at: reader.path) }
        guard mode != nil || instructionTemplate != nil || inlineTemplate != nil else { return nil }
    }

    /// The text of this name; `given` is told where it is there.
    private static func text(
        _ name: String,
        maximum: Int,
        _ reader: inout ObjectReader,
        _ given: inout [String]
    ) throws(APIError) -> String? {
        let text = try reader.optional(Parameter(name, StringShape(maximumLength: maximum)))
        if text != nil { given.append(name) }
        return text
    }

    /// Refuses what a dialogue can't have.
    private static func check(
        _ conversation: Conversation,
        _ generation: GenerationParameters,
        at path: ParameterPath
    ) throws(APIError) {
        let hasCalls = conversation.turns.contains { $0.role == .tool || !$0.calls.isEmpty }
        let faults = [
            ("tools", !conversation.tools.isEmpty), ("response_format", conversation.responseFormat != .text),
            ("n", generation.count > 1), ("reasoning_effort", conversation.reasoning.effort != nil),
            ("messages", hasCalls), ("timings_per_token", generation.details.tellsTimings),
            ("return_tokens", generation.details.tellsTokens), ("return_progress", generation.details.tellsProgress),
            ("add_generation_prompt", !conversation.opensAnswer),
            ("verbosity", conversation.verbosity?.instruction != nil),
        ]
        guard let fault = faults.first(where: \.1)?.0 else { return }
        throw .invalidValue(
            "Invalid '\(fault)': with the 'mode' 'chat' or 'chat-instruct', messages are texts alone, and there is one "
                + "answer, a text.",
            at: path.member(fault)
        )
    }
}
