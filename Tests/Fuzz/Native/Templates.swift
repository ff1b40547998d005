import Foundation
import Tokenizer

/// llama.cpp's templates, and what each asks a model.
enum Templates {
    static let tool = #"""
        {"type": "function", "function": {"name": "get_weather", "description": "The weather of a place", "parameters":
        {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city"]}}}
        """#
    static let question = #"[{"role": "user", "content": "How is the weather in Linz?"}]"#

    /// Where llama.cpp's vocabularies and templates lie.
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: ".native/src/llama.cpp/models")

    /// In the order of their names, and ChatML last.
    static let all: [ChatTemplate] = {
        let sources = folder.appending(path: "templates")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: sources.path))?.sorted() ?? []
        guard let vocabulary = try? Vocabulary(contentsOf: folder.appending(path: "ggml-vocab-phi-3.gguf").path) else {
            fatalError("\(folder.path) holds no vocabularies: run make deps")
        }
        return (names.filter { $0.hasSuffix(".jinja") } + [""]).compactMap { name in
            let source = try? String(contentsOf: sources.appending(path: name), encoding: .utf8)
            return try? ChatTemplate(vocabulary: vocabulary, override: source)
        }
    }()

    private static let options = [
        #"{"tools": [\#(tool)], "reasoning_format": "auto"}"#,
        #"{"tools": [\#(tool)], "tool_choice": "required", "parallel_tool_calls": true}"#,
        #"{"json_schema": {"type": "object"}, "reasoning_format": "auto"}"#,
    ]

    // libFuzzer gives one input after the other.
    nonisolated(unsafe) private static var rendered: [Int: RenderedPrompt] = [:]

    /// What one of the templates asks: three each, free to call a tool, made to, and made to answer in JSON.
    ///
    /// - Returns: Nil where the template refuses.
    static func prompt(_ number: Int) -> RenderedPrompt? {
        let number = number % (all.count * options.count)
        if let known = rendered[number] { return known }
        let prompt = try? all[number / options.count].render(
            messages: question,
            options: options[number % options.count]
        )
        rendered[number] = prompt
        return prompt
    }
}
