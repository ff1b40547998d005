extension Conversation {
    private enum Parameters {
        static let tools = Parameter("tools", ListShape(of: ToolShape(), maximumCount: 128))
        static let choice = Parameter("tool_choice", ToolChoiceShape())
        static let parallel = Parameter("parallel_tool_calls", BooleanShape())
        static let functions = Parameter("functions", ListShape(of: FunctionShape(), maximumCount: 128))
        static let functionChoice = Parameter("function_call", FunctionChoiceShape())
        static let effort = Parameter("reasoning_effort", ChoiceShape<ReasoningEffort>())
        static let format = Parameter("reasoning_format", ChoiceShape<ReasoningFormat>())
        static let enableThinking = Parameter("enable_thinking", BooleanShape())
        static let verbosity = Parameter("verbosity", ChoiceShape<Verbosity>())
        static let opensAnswer = Parameter("add_generation_prompt", BooleanShape())
        static let arguments = Parameter("chat_template_kwargs", MapShape(element: AnyShape(), maximumCount: 64))
    }

    /// Levels of `reasoning_effort`.
    private enum ReasoningEffort: String, CaseIterable {
        case none, minimal, low, medium, high, xhigh, max
    }

    /// llama.cpp's `reasoning_format`: whether reasoning is told apart.
    private enum ReasoningFormat: String, CaseIterable {
        case none, auto, deepseek
    }

    /// Finds the call that each result answers.
    mutating func linkResults() throws(APIError) {
        var known: Set<String> = []
        var latest: [String: String] = [:]
        for index in turns.indices {
            for number in turns[index].calls.indices {
                // Calls in the old form have no id.
                if turns[index].calls[number].id.isEmpty { turns[index].calls[number].id = "call_\(index)_\(number)" }
                let call = turns[index].calls[number]
                known.insert(call.id)
                latest[call.name] = call.id
            }
            guard turns[index].role == .tool else { continue }
            let path = ParameterPath.root.member("messages").element(index)
            if let id = turns[index].callID {
                guard known.contains(id) else {
                    throw .invalidValue(
                        "Invalid parameter: \(path.member("tool_call_id").quoted) is of no call that an assistant made in "
                            + "an earlier message with 'tool_calls'.",
                        at: path.member("tool_call_id")
                    )
                }
            } else {
                turns[index].callID = turns[index].name.flatMap { latest[$0] }
            }
        }
    }

    /// Refuses an assistant's last turn that no answer can go on from.
    func checkContinuation() throws(APIError) {
        guard let last = turns.last, last.role == .assistant else { return }
        let path = ParameterPath.root.member("messages").element(turns.count - 1)
        guard last.calls.isEmpty else {
            throw .invalidValue(
                "Invalid \(path.quoted): tool calls must be followed by their results.",
                at: path
            )
        }
        guard turns.dropLast().last?.role != .assistant else {
            throw .invalidValue(
                "Invalid \(path.quoted): an answer goes on from one message of the assistant, and here are two.",
                at: path
            )
        }
    }

    /// Refuses a grammar beside what is made a grammar of.
    func checkGrammar(_ generation: GenerationParameters) throws(APIError) {
        guard generation.samplers.grammar != nil else { return }
        let others = [(responseFormat != .text, "a format"), (!tools.isEmpty && toolChoice.mode != .none, "tools")]
        for (isThere, name) in others where isThere {
            throw .invalidValue(
                "'grammar' and \(name) exclude each other.",
                at: ParameterPath.root.member("grammar")
            )
        }
    }

    /// Reads what may be called, in the new form or the old one.
    ///
    /// - Returns: Whether it was the old one.
    mutating func readTools(_ reader: inout ObjectReader) throws(APIError) -> Bool {
        tools = try reader.optional(Parameters.tools) ?? []
        let choice = try reader.optional(Parameters.choice)
        allowsParallelCalls = try reader.optional(Parameters.parallel)
        let functions = try reader.optional(Parameters.functions) ?? []
        let functionChoice = try reader.optional(Parameters.functionChoice)
        let usesFunctions = !functions.isEmpty
        guard !usesFunctions || tools.isEmpty else {
            throw .invalidValue("'functions' and 'tools' exclude each other.", at: reader.path.member("functions"))
        }
        let (choiceName, listName) = usesFunctions ? ("function_call", "functions") : ("tool_choice", "tools")
        if usesFunctions {
            tools = functions
            // There was only ever one.
            allowsParallelCalls = false
        }
        toolChoice = (usesFunctions ? functionChoice : choice) ?? ToolChoice()
        try checkTools(listName, choiceName, at: reader.path)
        return usesFunctions
    }

    /// Refuses tools of one name, and choices among tools that are not there.
    func checkTools(_ list: String, _ choice: String, at path: ParameterPath) throws(APIError) {
        var names: Set<String> = []
        for (index, tool) in tools.enumerated() where !names.insert(tool.name).inserted {
            let path = path.member(list).element(index)
            throw .invalidValue("Invalid \(path.quoted): there are two of the name '\(tool.name)'.", at: path)
        }
        if toolChoice.mode == .required, tools.isEmpty {
            throw .invalidValue(
                "Invalid value for '\(choice)': it is only allowed when '\(list)' are specified.",
                at: path.member(choice)
            )
        }
        for name in toolChoice.allowed ?? [] where !names.contains(name) {
            throw .invalidValue(
                "Invalid value for '\(choice)': '\(list)' has no '\(name.clipped())'.",
                at: path.member(choice)
            )
        }
    }

    /// Reads whether and how much the model thinks.
    mutating func readReasoning(_ reader: inout ObjectReader) throws(APIError) {
        if let effort = try reader.optional(Parameters.effort) {
            reasoning.effort = effort == .none ? nil : effort.rawValue
            reasoning.isEnabled = effort != .none
        }
        verbosity = try reader.optional(Parameters.verbosity)
        opensAnswer = try reader.optional(Parameters.opensAnswer) ?? true
        if let isEnabled = try reader.optional(Parameters.enableThinking) { reasoning.isEnabled = isEnabled }
        reasoning.isSeparate = try reader.optional(Parameters.format) != ReasoningFormat.none
        let arguments = try reader.optional(Parameters.arguments) ?? []
        templateArguments = JSONObject(members: arguments.map { JSONObject.Member(key: $0.key, value: $0.value) })
        if let value = templateArguments["enable_thinking"] {
            let path = reader.path.member("chat_template_kwargs").member("enable_thinking")
            reasoning.isEnabled = try BooleanShape().decode(value, at: path)
        }
    }
}
