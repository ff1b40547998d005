/// What a model is asked in a chat, whatever API asks it: every dialect's request becomes one of these.
package struct Conversation: Sendable, Equatable {
    /// What has been said so far.
    ///
    /// Where the last turn is the assistant's, the answer goes on from it.
    package var turns: [Turn]

    /// What the model may call.
    package var tools: [Tool] = []

    package var toolChoice = ToolChoice()

    /// Whether one answer may hold several calls; nil leaves it to what the model's format is made for.
    package var allowsParallelCalls: Bool?

    package var responseFormat = ResponseFormat.text

    package var reasoning = ReasoningRequest()

    /// Whether the assistant's turn is opened behind the last one; otherwise the model goes on with that.
    package var opensAnswer = true

    /// How much the model is to say; nil leaves it to the model.
    package var verbosity: Verbosity?

    /// Variables for the model's template, beyond those that the server sets.
    package var templateArguments = JSONObject()

    package init(_ turns: [Turn] = []) { self.turns = turns }
}

/// One message of a conversation.
package struct Turn: Sendable, Equatable {
    /// Who speaks; `tool` is the result of a call.
    package enum Role: String, Sendable, CaseIterable {
        case system, developer, user, assistant, tool
    }

    package var role: Role
    package var content: [ContentPart]

    /// Tells speakers of the same role apart.
    package var name: String?

    /// What the assistant thought before it answered.
    package var reasoning: String?

    /// What the assistant called.
    package var calls: [ToolCall] = []

    /// Which call a tool's result answers.
    package var callID: String?

    package init(_ role: Role, _ content: [ContentPart], name: String? = nil) {
        self.role = role
        self.content = content
        self.name = name
    }

    package init(_ role: Role, _ text: String, name: String? = nil) { self.init(role, [.text(text)], name: name) }

    /// All text of it; a line feed keeps the last word of a part and the first of the next apart.
    package var text: String {
        let texts = content.compactMap { if case .text(let text) = $0 { text } else { nil } }
        return texts.joined(separator: "\n")
    }
}

/// A piece of what a turn says.
package enum ContentPart: Sendable, Equatable {
    case text(String)
    case image(ImageSource)
    /// Sound that a user sent.
    case audio(AudioSource)
    /// What the assistant said aloud.
    case spoken(SpokenReference)
}

/// A file of sound that came with the request.
package struct AudioSource: Sendable, Equatable {
    package let base64: String

    /// Where in the request it stands, for errors.
    package let path: String?

    package init(base64: String, path: String?) {
        self.base64 = base64
        self.path = path
    }
}

/// An earlier answer that was spoken.
package struct SpokenReference: Sendable, Equatable {
    package let id: String

    /// Where in the request it stands, for errors.
    package let path: String?

    package init(id: String, path: String?) {
        self.id = id
        self.path = path
    }
}

/// An image that came with the request.
package struct ImageSource: Sendable, Equatable {
    /// A `data:` URL; the server fetches nothing.
    package let dataURL: String

    /// Where in the request it stands, for errors.
    package let path: String?

    package init(dataURL: String, path: String?) {
        self.dataURL = dataURL
        self.path = path
    }
}

/// A call that the assistant made.
package struct ToolCall: Sendable, Equatable {
    package var id: String
    package var name: String

    /// JSON for functions, any text for custom tools.
    package var arguments: String

    /// Whether it is a call of a custom tool.
    package var isCustom: Bool

    package init(id: String, name: String, arguments: String, isCustom: Bool = false) {
        self.id = id
        self.name = name
        self.arguments = arguments
        self.isCustom = isCustom
    }
}

/// Something that the model may call.
package struct Tool: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// It takes JSON; strict: of exactly that schema.
        case function(parameters: JSONValue, isStrict: Bool)
        /// It takes a text; GBNF of the JSON strings that it may be, where there is one: see ``JSONSchema/grammarKey``.
        case custom(grammar: String?)
    }

    package var name: String
    package var description: String?
    package var kind: Kind

    package init(name: String, description: String? = nil, kind: Kind) {
        self.name = name
        self.description = description
        self.kind = kind
    }
}

/// Whether the model calls tools.
package struct ToolChoice: Sendable, Equatable {
    package enum Mode: Sendable, Equatable {
        case none, automatic, required
    }

    package var mode: Mode

    /// The names of those that it may call; nil for all.
    package var allowed: [String]?

    package init(_ mode: Mode = .automatic, allowed: [String]? = nil) {
        self.mode = mode
        self.allowed = allowed
    }
}

/// What the text of an answer looks like.
package enum ResponseFormat: Sendable, Equatable {
    case text
    case jsonObject
    /// JSON of a schema; strict: of all that the schema says.
    case jsonSchema(JSONValue, isStrict: Bool)
}

/// How much an answer says.
package enum Verbosity: String, Sendable, CaseIterable {
    case low, medium, high

    /// What a model is told that knows no such setting; nil where it is left to it.
    package var instruction: String? {
        switch self {
        case .low:
            "Answer briefly: say what was asked for in as few words as it takes, with no introduction or repetition."
        case .medium: nil
        case .high: "Answer at length: explain in detail, with reasons and examples, and say what else belongs to it."
        }
    }
}

extension Conversation {
    /// Adds what the model is told about all of its answers, behind what it is told already.
    package mutating func instruct(_ text: String) {
        if let first = turns.first, first.role == .system || first.role == .developer {
            turns[0].content.append(.text(text))
        } else {
            turns.insert(Turn(.system, text), at: 0)
        }
    }
}

/// How much the model thinks before it answers.
package struct ReasoningRequest: Sendable, Equatable {
    /// A level that templates know, such as `low`; nil leaves it to the model.
    package var effort: String?

    /// What the request calls the effort, for errors.
    package var effortParameter = "reasoning_effort"

    /// Whether it thinks at all; nil leaves it to the model.
    package var isEnabled: Bool?

    /// Whether a model that can't think is refused; `effortParameter` names what asks for it.
    package var isRequired = false

    /// Whether the reasoning is told apart from the content; otherwise it is part of the content.
    package var isSeparate = true

    package init() {}
}
