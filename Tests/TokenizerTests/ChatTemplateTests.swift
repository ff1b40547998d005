import Foundation
import Testing
import Tokenizer

@Suite("Chat templates")
struct ChatTemplateTests {
    private let conversation = """
        [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who are you?"},
         {"role": "assistant", "content": "An assistant."}, {"role": "user", "content": "Good-bye \\"π\\""}]
        """
    private let question = #"[{"role": "user", "content": "Hi"}]"#

    private func template(_ source: String?, _ vocabulary: String = "ggml-vocab-gpt-2.gguf") throws -> ChatTemplate {
        try ChatTemplate(vocabulary: Fixtures.vocabulary(vocabulary), override: source)
    }

    @Test("every template of llama.cpp renders a conversation or says why not", arguments: Fixtures.templates)
    func everyTemplate(name: String) throws {
        let template = try template(Fixtures.template(name), "ggml-vocab-llama-bpe.gguf")
        #expect(template.isExplicit)
        do {
            let rendered = try template.render(messages: conversation)
            #expect(rendered.prompt.contains(#"Good-bye "π""#))
            #expect(!rendered.prompt.hasPrefix("<|begin_of_text|>"), "encoding adds it")
            #expect(rendered.prompt.hasSuffix(rendered.generationPrompt))
            #expect(!rendered.parser.isEmpty)
        } catch {
            #expect(error.code == .templateRefused)
            #expect(error.sentence.count > 10)
        }
    }

    @Test("grammars that schemas bring are put in, whatever the format of calls", arguments: Fixtures.templates)
    func schemaGrammars(name: String) throws {
        let template = try template(Fixtures.template(name), "ggml-vocab-llama-bpe.gguf")
        let properties = #"""
            {"n":{"type":"number","minimum":0,"$grammar":"@n\n@n ::= [3-7]"},
             "s":{"type":"string","$grammar":"\"\\x22ok\\x22\""},
             "m":{"type":["integer","null"],"$grammar":[{"type":"integer","$grammar":"[89]"},"null"]}}
            """#
        for strict in [true, false] {
            let options = #"""
                {"tool_choice":"required","strict_tools":\#(strict),"tools":[{"type":"function","function":{"name":"f",
                 "description":"","parameters":{"type":"object","properties":\#(properties),"required":["n","s","m"]}}}]}
                """#
            guard let rendered = try? template.render(messages: conversation, options: options) else { return }
            #expect(!rendered.prompt.contains("$grammar") && !rendered.prompt.contains("[3-7]"))
            // A constant that stands for a grammar is never left in its place.
            #expect(!rendered.grammar.contains("7000000000"), "\(rendered.grammar)")
            // Some formats hold no argument to its schema, unless it has to be.
            guard strict else { continue }
            for text in ["(grammar0-n)", "grammar0-n ::= [3-7]\n", "([89])", #"("\x22ok\x22")"#] {
                #expect(rendered.grammar.contains(text), "\(text) in \(rendered.grammar)")
            }
        }
    }

    @Test("a model without a template speaks ChatML")
    func chatML() throws {
        let template = try template(nil)
        #expect(!template.isExplicit)
        #expect(try template.source().contains("<|im_start|>"))
        let rendered = try template.render(messages: conversation)
        #expect(
            rendered.prompt == """
                <|im_start|>system
                Be brief.<|im_end|>
                <|im_start|>user
                Who are you?<|im_end|>
                <|im_start|>assistant
                An assistant.<|im_end|>
                <|im_start|>user
                Good-bye "π"<|im_end|>
                <|im_start|>assistant

                """
        )
        #expect(rendered.grammar.isEmpty)
        #expect(rendered.generationPrompt == "<|im_start|>assistant\n")
    }

    @Test(
        "a prompt has one BOS, whether the template writes it or not",
        arguments: [
            ("ggml-vocab-llama-bpe.gguf", "meta-llama-Llama-3.1-8B-Instruct.jinja"),
            ("ggml-vocab-llama-spm.gguf", "google-gemma-2-2b-it.jinja"),
            ("ggml-vocab-llama-spm.gguf", "mistralai-Mistral-Nemo-Instruct-2407.jinja"),
            ("ggml-vocab-llama-spm.gguf", "microsoft-Phi-3.5-mini-instruct.jinja"),
        ]
    )
    func oneBOS(vocabulary name: String, template: String) throws {
        let vocabulary = try Fixtures.vocabulary(name)
        let bos = try #require(vocabulary.beginningOfSequence)
        let rendered = try self.template(Fixtures.template(template), name).render(messages: question)
        let tokens = try vocabulary.encode(rendered.prompt, addSpecial: true, parseSpecial: true)
        #expect(tokens.first == bos)
        #expect(tokens.filter { $0 == bos }.count == 1)
    }

    @Test("a BOS that the vocabulary does not add stays where the template writes it")
    func keptBOS() throws {
        let vocabulary = try Fixtures.vocabulary("ggml-vocab-qwen2.gguf")
        #expect(!vocabulary.addsBeginningOfSequence)
        let bos = try #require(vocabulary.beginningOfSequence)
        let rendered = try template("{{ bos_token }}{{ messages[0].content }}", "ggml-vocab-qwen2.gguf")
            .render(messages: question)
        #expect(try vocabulary.encode(rendered.prompt, addSpecial: true, parseSpecial: true).first == bos)
    }

    @Test("a template's own refusal comes back in its words")
    func raises() throws {
        let template = try template("{{ raise_exception('Roles must alternate, ' + messages[0].role) }}")
        let error = #expect(throws: TokenizerError.self) { try template.render(messages: question) }
        #expect(error?.code == .templateRefused)
        #expect(error?.sentence == "Roles must alternate, user")
    }

    @Test("roles out of order are refused by a template that wants them in turn")
    func outOfOrder() throws {
        let template = try template(Fixtures.template("google-gemma-2-2b-it.jinja"))
        let messages = #"[{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]"#
        let error = #expect(throws: TokenizerError.self) { try template.render(messages: messages) }
        #expect(error?.code == .templateRefused)
        #expect(error?.sentence.contains("alternate") == true)
    }

    @Test(
        "a template that does not parse is refused",
        arguments: ["{% if %}", "{{ a b c", "{% for x in %}{% endfor %}"]
    )
    func syntax(source: String) throws {
        let error = #expect(throws: TokenizerError.self) { try template(source) }
        #expect(error?.code == .templateRefused)
        #expect(error?.sentence.hasPrefix("the chat template does not parse: ") == true)
        #expect(error?.sentence.contains("std::exception") == false)
    }

    @Test(
        "malformed messages are refused",
        arguments: [
            "", "nonsense", "{}", "[1]", "[{}]", #"[{"role": 1, "content": "x"}]"#, #"[{"role": "user"}]"#,
            #"[{"role": "user", "content": 5}]"#, #"[{"role": "user", "content": [{"type": "image_url"}]}]"#,
            #"[{"role": "user", "content": ["x"]}]"#, #"[{"role": "assistant", "tool_calls": [{"type": "function"}]}]"#,
            #"[{"role": "user", "content": "\ud800"}]"#, String(repeating: "[", count: 1_000_000),
            String(repeating: #"{"a":"#, count: 100_000),
        ]
    )
    func malformed(messages: String) throws {
        let template = try template(nil)
        let error = #expect(throws: TokenizerError.self) { try template.render(messages: messages) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.sentence.isEmpty == false)
    }

    @Test(
        "malformed options are refused",
        arguments: [
            "", "[]", "{", #"{"unknown": 1}"#, #"{"tools": {}}"#, #"{"tools": [{"type": "robot"}]}"#,
            #"{"tool_choice": "perhaps"}"#, #"{"tool_choice": 5}"#, #"{"json_schema": "x"}"#,
            #"{"json_schema": {}, "grammar": "root ::= \"a\""}"#, #"{"enable_thinking": "yes"}"#,
            #"{"chat_template_kwargs": {"enable_thinking": "yes"}}"#, #"{"reasoning_format": "loud"}"#,
            #"{"json_schema": \#(String(repeating: #"{"not":"#, count: 200))"#,
        ]
    )
    func malformedOptions(options: String) throws {
        let template = try template(nil)
        let error = #expect(throws: TokenizerError.self) { try template.render(messages: question, options: options) }
        #expect(error?.code == .invalidArgument)
    }

    @Test("a tool call's arguments cannot exhaust the stack")
    func deepArguments() throws {
        let template = try template(Fixtures.template("Qwen3-Coder.jinja"))
        let deep = String(repeating: "[", count: 200_000)
        let messages = """
            [{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls":
              [{"type": "function", "id": "1", "function": {"name": "f", "arguments": "\(deep)"}}]}]
            """
        let error = #expect(throws: TokenizerError.self) { try template.render(messages: messages) }
        #expect(error?.code == .invalidArgument)
    }

    @Test("a schema and tools bring a grammar")
    func grammars() throws {
        let template = try template(Fixtures.template("Qwen-Qwen2.5-7B-Instruct.jinja"))
        let schema = #"{"json_schema": {"type": "object", "properties": {"age": {"type": "integer"}}}}"#
        let constrained = try template.render(messages: question, options: schema)
        #expect(constrained.grammar.contains("root ::="))
        #expect(!constrained.grammarIsLazy)
        let tools = """
            {"tools": [{"type": "function", "function": {"name": "get_weather", "description": "The weather",
              "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]}
            """
        let equipped = try template.render(messages: question, options: tools)
        #expect(equipped.prompt.contains("get_weather"))
        #expect(equipped.grammarIsLazy)
        #expect(!equipped.grammarTriggers.isEmpty)
    }

    @Test("a property with an endless name does not end the process")
    func endlessName() throws {
        let template = try template(Fixtures.template("Qwen-Qwen2.5-7B-Instruct.jinja"))
        for count in [1000, 100_000] {
            let name = String(repeating: "_", count: count)
            let options = #"{"json_schema": {"type": "object", "properties": {"\#(name)": {"type": "integer"}}}}"#
            #expect(try template.render(messages: question, options: options).grammar.contains(name))
        }
        let name = String(repeating: "_", count: 600_000)
        let options = #"{"json_schema": {"title": "\#(name)"}}"#
        let error = #expect(throws: TokenizerError.self) { try template.render(messages: question, options: options) }
        #expect(error?.code == .invalidArgument)
    }

    @Test("options reach the template")
    func variables() throws {
        let template = try template("{{ colour }} {{ enable_thinking }} {{ messages[0].content }}")
        let options = #"{"chat_template_kwargs": {"colour": "blue", "enable_thinking": false}}"#
        #expect(try template.render(messages: question, options: options).prompt == "blue False Hi")
    }

    @Test("NUL and quotes in a message arrive unchanged")
    func escapes() throws {
        let template = try template("{{ messages[0].content }}")
        let messages = #"[{"role": "user", "content": "a\u0000b\"\\\n😀"}]"#
        #expect(try template.render(messages: messages).prompt == "a\0b\"\\\n😀")
    }

    @Test("eight tasks render as one does")
    func concurrent() async throws {
        let template = try template(Fixtures.template("meta-llama-Llama-3.1-8B-Instruct.jinja"))
        let expected = try template.render(messages: conversation)
        try await withThrowingTaskGroup(of: RenderedPrompt.self) { [conversation] group in
            for _ in 0..<8 { group.addTask { try template.render(messages: conversation) } }
            for try await rendered in group { #expect(rendered == expected) }
        }
    }
}
