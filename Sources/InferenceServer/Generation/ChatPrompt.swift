import Scheduling
import Tokenizer
import WireFormat

/// A conversation as the tokens that the model was trained to see, and how to read what it answers.
struct ChatPrompt {
    /// As the template wrote it; images and sounds are shown as llama.cpp's marker.
    let text: String
    let content: PromptContent
    /// Texts that end an answer in the template's format.
    let stops: [String]
    /// What the answer is held to.
    let grammar: Grammar?
    /// What the request calls what the grammar was made of.
    let grammarParameter: String
    /// Control tokens that belong to the answer's text.
    let preserved: Set<Token>
    let parser: ChatParser
    /// The names of tools that take a text rather than JSON.
    let customTools: Set<String>

    /// What cl_templates_apply takes.
    private static let maximumOptions = 512 * 1024

    /// Renders the model's template and tokenizes what it gives.
    ///
    /// - Parameters:
    ///   - conversation: What is asked.
    ///   - param: What the request calls its turns, for errors.
    ///   - model: Whose tokens they are.
    ///   - template: What renders it in place of the model's own template.
    ///   - media: What decodes its images and sounds: where there are any, this takes long (`ChatModel.prompt`).
    /// - Throws: 400 where the conversation can't fit, which is found before megabytes of it are tokenized, where the
    ///   template refuses it, or where it holds images or sounds that the model does not take, or asks a model to reason that does not.
    init(
        _ conversation: Conversation,
        param: String = "messages",
        model: ChatModel,
        template: PromptTemplate? = nil,
        media: MediaReader
    ) throws(APIError) {
        let markers = MediaMarkers(conversation)
        let vocabulary = model.vocabulary
        let rendering = ChatRendering(try conversation.toldVerbosity(template, model: model), markers: markers)
        try model.checkMedia(markers.media, param: param)
        let least = conversation.turns.reduce(0) { sum, turn in
            turn.calls.reduce(sum + vocabulary.minimumTokenCount(of: turn.text)) {
                $0 + vocabulary.minimumTokenCount(of: $1.arguments)
            }
        }
        try model.checkFits(least, param: param)
        let (messages, options) = (rendering.messages.text, rendering.options.text)
        guard options.utf8.count <= Self.maximumOptions else {
            throw .invalidRequest(
                "The tools, their schemas and that of the answer take more than \(Self.maximumOptions) bytes together.",
                param: conversation.tools.isEmpty ? "response_format" : "tools",
                code: "invalid_schema"
            )
        }
        let rendered: RenderedPrompt
        do {
            switch template {
            case .rendered(let prompt): rendered = prompt
            case .parsed(let template): rendered = try template.render(messages: messages, options: options)
            case nil: rendered = try model.template.render(messages: messages, options: options)
            }
            if conversation.reasoning.effort != nil || conversation.reasoning.isRequired, !rendered.supportsThinking {
                let name = conversation.reasoning.effortParameter
                throw APIError.invalidRequest(
                    "Unsupported parameter: '\(name)' is not supported by \(model.id), which does not reason.",
                    param: name,
                    code: "unsupported_parameter"
                )
            }
            parser = try ChatParser(rendered)
            if markers.media.isEmpty {
                text = rendered.prompt
                content = PromptContent(try model.tokenize(rendered.prompt, param: param))
            } else {
                (text, content) = try model.prepare(rendered.prompt, markers, media, param: param)
            }
            let preserved = try rendered.preservedTokens.compactMap { name throws(TokenizerError) in
                let tokens = try vocabulary.encode(name, addSpecial: false, parseSpecial: true)
                return tokens.count == 1 ? tokens[0] : nil
            }
            self.preserved = Set(preserved)
            grammar = try Grammar(rendered, preserved: preserved, vocabulary: vocabulary)
        } catch let error as APIError {
            throw error
        } catch {
            throw APIError(error as? TokenizerError ?? TokenizerError(.failed, "\(error)"), param: param)
        }
        stops = rendered.additionalStops
        grammarParameter = conversation.tools.isEmpty ? "response_format" : "tools"
        customTools = rendering.customTools
    }
}

extension Conversation {
    /// The conversation with how much the model is to say: as a variable where the template knows one, in words elsewhere.
    fileprivate func toldVerbosity(_ template: PromptTemplate?, model: ChatModel) throws(APIError) -> Self {
        guard verbosity?.instruction != nil else { return self }
        do {
            switch template {
            // It was said before.
            case .rendered: return self
            case .parsed(let template): return toldVerbosity(in: try template.source())
            case nil: return toldVerbosity(in: try model.template.source())
            }
        } catch {
            throw .internalServer
        }
    }

    /// The same for the source of a template.
    func toldVerbosity(in source: String) -> Self {
        guard let verbosity, let instruction = verbosity.instruction else { return self }
        var conversation = self
        if !source.contains("verbosity") {
            conversation.instruct(instruction)
        } else if templateArguments["verbosity"] == nil {
            conversation.templateArguments.append("verbosity", .string(verbosity.rawValue))
        }
        return conversation
    }
}

extension Grammar {
    /// The grammar of a rendered prompt; nil where it has none.
    ///
    /// - Throws: `TokenizerError` where a trigger can't be tokenized.
    fileprivate init?(_ rendered: RenderedPrompt, preserved: [Token], vocabulary: Vocabulary) throws(TokenizerError) {
        guard !rendered.grammar.isEmpty else { return nil }
        self.init(rules: rendered.grammar)
        isLazy = rendered.grammarIsLazy
        preservedTokens = preserved
        opening = isLazy ? "" : rendered.generationPrompt
        for trigger in rendered.grammarTriggers {
            switch trigger.kind {
            case .token: triggers.append(Trigger(kind: .token, value: trigger.value, token: trigger.token))
            case .pattern: triggers.append(Trigger(kind: .pattern, value: trigger.value))
            case .fullPattern: triggers.append(Trigger(kind: .patternFull, value: trigger.value))
            case .word:
                // A word that is one control token comes up as that token.
                let tokens = try vocabulary.encode(trigger.value, addSpecial: false, parseSpecial: true)
                if tokens.count == 1, preserved.contains(tokens[0]) {
                    triggers.append(Trigger(kind: .token, value: trigger.value, token: tokens[0]))
                } else {
                    triggers.append(Trigger(kind: .word, value: trigger.value))
                }
            }
        }
    }
}

extension ChatModel {
    /// The tokens of a text, its special tokens read as such.
    ///
    /// - Throws: 400 where it can't fit the context.
    func tokenize(_ text: String, param: String) throws(APIError) -> [Token] {
        try checkFits(vocabulary.minimumTokenCount(of: text), param: param)
        do {
            return try vocabulary.encode(text, addSpecial: true, parseSpecial: true)
        } catch {
            throw APIError(error, param: param)
        }
    }

    /// Refuses what cannot fit, before it is tokenized: it has at least so many tokens.
    func checkFits(_ tokens: Int, param: String) throws(APIError) {
        guard tokens < contextLength else {
            throw .contextLengthExceeded(limit: contextLength, promptTokens: tokens, isLeast: true, param: param)
        }
    }

    /// What answers of the same model and settings have in common.
    var fingerprint: String { "fp_" + id }
}
