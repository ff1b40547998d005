import Foundation
import Testing
import Tokenizer

@Suite("Reading answers")
struct ChatParserTests {
    private static let tools = """
        "tools": [
          {"type": "function", "function": {"name": "get_weather", "description": "The weather of a place",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
              "required": ["city", "days"]}}},
          {"type": "function", "function": {"name": "stop", "description": "Ends all",
            "parameters": {"type": "object", "properties": {}}}}]
        """
    private static let question = #"{"role": "user", "content": "How is the weather in Linz?"}"#
    private static let call = """
        {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "id": "abcdefghi",
          "function": {"name": "get_weather", "arguments": "{\\"city\\": \\"Linz\\", \\"days\\": 2}"}}]}
        """
    private static let result =
        #"{"role": "tool", "tool_call_id": "abcdefghi", "name": "get_weather", "content": "Sun"}"#

    /// What ends a turn in one of llama.cpp's templates: tokens, which are not part of an answer's text.
    private static let ends = [
        "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "</s>", "<|end|>", "<|endoftext|>", "<|end_of_text|>", "<eos>",
        "<end_of_turn>", "<turn|>", "<|END_OF_TURN_TOKEN|>", "<｜end▁of▁sentence｜>", "<|return|>", "<|call|>",
        "<|user|>", "<|observation|>", "[e~[", "<seed:eos>", "<|role_end|>", "<|eot|>", "<|eom|>", "<|end_of_msg|>",
        "<|message_sep|>", "<|tool▁outputs▁begin|>", "<SPECIAL_12>", "<|assistant_end|>", "</assistant>",
    ]

    private func template(_ name: String?) throws -> ChatTemplate {
        let source = try name.map(Fixtures.template)
        return try ChatTemplate(vocabulary: Fixtures.vocabulary("ggml-vocab-llama-bpe.gguf"), override: source)
    }

    private func render(_ name: String?, _ messages: [String], _ options: String = "") throws -> RenderedPrompt {
        try template(name).render(messages: "[\(messages.joined(separator: ","))]", options: "{\(options)}")
    }

    /// All pieces, put together again; the text comes `step` characters at a time.
    private func read(_ text: String, _ prompt: RenderedPrompt, step: Int = 1, isCut: Bool = false) throws
        -> ParsedAnswer
    {
        var reader = AnswerReader(try ChatParser(prompt))
        var answer = ParsedAnswer()
        func take(_ pieces: [AnswerReader.Piece]) {
            for piece in pieces {
                switch piece {
                case .content(let text): answer.content += text
                case .reasoning(let text): answer.reasoning += text
                case .callBegan(let index, let id, let name):
                    #expect(index == answer.calls.count)
                    answer.calls.append(ParsedAnswer.Call(id: id, name: name, arguments: ""))
                case .arguments(let index, let text):
                    #expect(index == answer.calls.count - 1)
                    answer.calls[index].arguments += text
                }
            }
        }
        var rest = text[...]
        while !rest.isEmpty {
            take(reader.append(String(rest.prefix(step))))
            rest = rest.dropFirst(step)
        }
        take(reader.finish(isCut: isCut))
        return answer
    }

    private func json(_ text: String) -> NSDictionary? {
        try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary
    }

    // MARK: llama.cpp's templates

    @Test("every template takes tools, calls and results, or says why not", arguments: Fixtures.templates)
    func history(name: String) throws {
        for choice in ["auto", "required"] {
            do {
                let rendered = try render(
                    name,
                    [Self.question, Self.call, Self.result],
                    Self.tools + #", "tool_choice": "\#(choice)""#
                )
                #expect(rendered.prompt.contains("get_weather") && rendered.prompt.contains("Sun"))
                // A format without a mark of calls leaves the choice to the model, and is read all the same.
                #expect(!rendered.grammar.isEmpty || choice == "auto")
                #expect(rendered.grammarIsLazy == (choice == "auto" && !rendered.grammar.isEmpty))
            } catch let error as TokenizerError {
                #expect(error.code == .templateRefused && error.sentence.count > 10)
            }
        }
    }

    @Test("a call that is forced has a grammar in every template", arguments: Fixtures.templates)
    func forced(name: String) throws {
        let rendered = try render(name, [Self.question], Self.tools + #", "tool_choice": "required""#)
        #expect(rendered.grammar.contains("root ::=") && !rendered.grammarIsLazy)
        #expect(rendered.prompt.contains("get_weather"))
        _ = try ChatParser(rendered)
    }

    @Test("a schema is a grammar in every template, beside tools too", arguments: Fixtures.templates)
    func schema(name: String) throws {
        let schema = #""json_schema": {"type": "object", "properties": {"colour": {"type": "string"}}}"#
        #expect(try render(name, [Self.question], schema).grammar.contains("colour"))
        let both = try render(name, [Self.question], Self.tools + ", " + schema)
        #expect(both.grammar.contains("colour") && both.grammar.contains("get_weather") && !both.grammarIsLazy)
    }

    @Test("an answer in words comes out of every template whole", arguments: Fixtures.templates)
    func words(name: String) throws {
        let text = "It is sunny, 20 °C < 25 °C.\n\n- [x] \"done\" {}"
        for options in ["", Self.tools] {
            let rendered = try render(
                name,
                [Self.question],
                options + (options.isEmpty ? "" : ",") + #""reasoning_format": "auto""#
            )
            for step in [1, 1000] {
                let answer = try read(text, rendered, step: step)
                #expect(answer.calls.isEmpty)
                #expect(
                    (answer.reasoning + answer.content).contains("It is sunny, 20 °C < 25 °C.\n\n- [x] \"done\" {}")
                )
            }
        }
    }

    @Test("a call that a template writes is read back, however it is cut")
    func readBack() throws {
        var count = 0
        for name in Fixtures.templates {
            guard let (text, rendered) = try writtenCall(name) else { continue }
            count += 1
            for step in [1, 7, 1000] {
                let answer = try read(text, rendered, step: step)
                #expect(answer.calls.map(\.name) == ["get_weather"], "\(name)")
                #expect(json(answer.calls.first?.arguments ?? "") == ["city": "Linz", "days": 2], "\(name)")
            }
            // Cut off anywhere, it is no fault.
            for length in stride(from: 0, to: text.count, by: 3) {
                _ = try read(String(text.prefix(length)), rendered, step: 11, isCut: true)
            }
        }
        // Of the others, what a conversation tells is no continuation of the prompt.
        #expect(count >= 45)
    }

    /// A call as the template tells it in a conversation, and the prompt that it answers; nil where the one is not the
    /// beginning of the other.
    private func writtenCall(_ name: String) throws -> (String, RenderedPrompt)? {
        try writtenCall(name, thinks: true) ?? writtenCall(name, thinks: false)
    }

    private func writtenCall(_ name: String, thinks: Bool) throws -> (String, RenderedPrompt)? {
        let options =
            Self.tools + #", "tool_choice": "auto", "reasoning_format": "auto", "enable_thinking": \#(thinks)"#
        let asked = try render(name, [Self.question], options)
        guard
            let told = try? render(name, [Self.question, Self.call], options + #", "add_generation_prompt": false"#)
                .prompt,
            told.hasPrefix(asked.prompt)
        else { return nil }
        var text = String(told.dropFirst(asked.prompt.count))
        for end in Self.ends { if let range = text.range(of: end) { text = String(text[..<range.lowerBound]) } }
        text = text.trimmingCharacters(in: .newlines)
        guard text.contains("get_weather"),
            (try? ChatParser(asked).parse(text, isPartial: false))?.calls.isEmpty == false
        else { return nil }
        return (text, asked)
    }

    // MARK: described tools

    private let twoCalls = """
        <tool_call>
        {"name": "get_weather", "arguments": {"city": "Linz", "days": 2}}
        </tool_call>
        <tool_call>
        {"name": "stop", "arguments": {}}
        </tool_call>
        """

    @Test("a template that knows no tools is told of them, and answers in tags")
    func described() throws {
        let prompt = try render(nil, [Self.question], Self.tools + #", "parallel_tool_calls": true"#)
        #expect(prompt.prompt.contains("The weather of a place"))
        #expect(prompt.grammarIsLazy && prompt.grammarTriggers.map(\.value) == ["<tool_call>"])
        for step in [1, 4, 1000] {
            let answer = try read("Let me see.\n" + twoCalls, prompt, step: step)
            #expect(answer.content == "Let me see.\n")
            #expect(answer.calls.map(\.name) == ["get_weather", "stop"])
            #expect(answer.calls.map { json($0.arguments) } == [["city": "Linz", "days": 2], [:]])
        }
    }

    @Test("earlier calls and results are told to it as text")
    func told() throws {
        let next = #"{"role": "user", "content": "And now?"}"#
        let prompt = try render(nil, [Self.question, Self.call, Self.result, next], Self.tools).prompt
        #expect(
            prompt.contains(#"{"name": "get_weather", "arguments": {"city": "Linz", "days": 2}}"#)
                && prompt.contains("<|im_start|>user\n<tool_response>\nSun\n</tool_response>\nAnd now?<|im_end|>")
        )
        #expect(prompt.components(separatedBy: "<|im_start|>").count == 6)
    }

    @Test("a call that was cut off has its arguments as far as they came")
    func cutOff() throws {
        let prompt = try render(nil, [Self.question], Self.tools + #", "tool_choice": "required""#)
        let answer = try read(#"<tool_call>{"name": "get_weather", "arguments": {"city": "Li"#, prompt, isCut: true)
        #expect(answer.calls.map(\.name) == ["get_weather"])
        #expect(answer.calls.first?.arguments.hasPrefix(#"{"city": "Li"#) == true)
        #expect(answer.content.isEmpty)
        #expect(try read(#"<tool_call>{"name": "get_w"#, prompt, isCut: true) == ParsedAnswer())
    }

    @Test(
        "what can't be read is content, and nothing of it is lost",
        arguments: ["<tool_call>nonsense", "a <tool_call>{\"name\": \"robot\"}</tool_call> b", "<tool_call>", "<"]
    )
    func unreadable(text: String) throws {
        let prompt = try render(nil, [Self.question], Self.tools)
        for step in [1, 1000] {
            let answer = try read(text, prompt, step: step)
            #expect(answer.calls.isEmpty)
            #expect(answer.content == text)
        }
    }

    @Test("an answer of nothing but brackets ends neither the process nor the patience")
    func brackets() throws {
        for options in [Self.tools, #""json_schema": {"type": "array"}"#] {
            let prompt = try render(nil, [Self.question], options)
            for count in [100, 5_000, 50_000] {
                let text = String(repeating: "[", count: count)
                let answer = try read(text, prompt, step: 1_000)
                #expect(answer.content.hasPrefix("[[[["))
            }
        }
    }

    @Test("a long answer is read a bounded number of times")
    func long() throws {
        let prompt = try render(nil, [Self.question], Self.tools)
        let text = String(repeating: "word < word ", count: 5_000)
        #expect(try read(text, prompt, step: 6).content == text)
    }

    @Test("an answer to no tools, without reasoning, is passed on as it is")
    func plain() throws {
        let prompt = try render(nil, [Self.question])
        #expect(try ChatParser(prompt).isPlain)
        #expect(try read("<tool_call>{}", prompt).content == "<tool_call>{}")
    }

    // MARK: reasoning and continuation

    @Test("reasoning is told apart")
    func reasoning() throws {
        let prompt = try render("Qwen-Qwen3-0.6B.jinja", [Self.question], #""reasoning_format": "auto""#)
        #expect(prompt.supportsThinking)
        for step in [1, 1000] {
            let answer = try read("<think>\nHm.\n</think>\n\nSunny.", prompt, step: step)
            #expect(answer.reasoning.trimmingCharacters(in: .whitespacesAndNewlines) == "Hm.")
            #expect(answer.content.trimmingCharacters(in: .whitespacesAndNewlines) == "Sunny.")
        }
    }

    @Test("an answer goes on from the assistant's last message", arguments: [nil, "Qwen-Qwen3-0.6B.jinja"])
    func continued(name: String?) throws {
        let begun = #"{"role": "assistant", "content": "The weather is"}"#
        for options in ["", Self.tools + ", "] {
            let prompt = try render(
                name,
                [Self.question, begun],
                options + #""continue_final_message": true, "reasoning_format": "auto""#
            )
            #expect(prompt.prompt.hasSuffix("The weather is"))
            #expect(try read(" fine.", prompt).content == " fine.")
        }
    }

    @Test("only an assistant's message without calls can be continued")
    func notContinued() throws {
        for last in [Self.question, Self.call] {
            #expect(throws: TokenizerError.self) {
                try render(nil, [Self.question, last], #""continue_final_message": true"#)
            }
        }
    }

    // MARK: what formats insist on

    @Test("ids of other servers become what Mistral's templates insist on")
    func ids() throws {
        let name = "mistralai-Mistral-Nemo-Instruct-2407.jinja"
        let call = Self.call.replacingOccurrences(of: "abcdefghi", with: "call_0123456789")
        let result = Self.result.replacingOccurrences(of: "abcdefghi", with: "call_0123456789")
        let prompt = try render(name, [Self.question, call, result], Self.tools).prompt
        #expect(!prompt.contains("call_0123456789") && prompt.contains("get_weather"))
    }

    @Test("strict arguments are held to their schema where the template's own format can't do it")
    func strict() throws {
        let options = Self.tools + #", "tool_choice": "required""#
        let loose = try render("Qwen3-Coder.jinja", [Self.question], options)
        let strict = try render("Qwen3-Coder.jinja", [Self.question], options + #", "strict_tools": true"#)
        #expect(loose.grammar.contains("<function="))
        #expect(strict.grammar.contains("<tool_call>") && !strict.grammar.contains("<function="))
    }

    @Test("names that one rule would have are kept apart")
    func collision() throws {
        let tools = """
            "tools": [{"type": "function", "function": {"name": "a_b"}}, {"type": "function", "function": {"name": "a-b"}}]
            """
        let prompt = try render("Qwen-Qwen2.5-7B-Instruct.jinja", [Self.question], tools)
        let answer = try read(#"<tool_call>{"name": "a-b", "arguments": {}}</tool_call>"#, prompt)
        #expect(answer.calls.map(\.name) == ["a-b"])
    }
}
