import CLlama
import TestSupport
import Testing
import Tokenizer
import WireFormat

@testable import InferenceServer

/// What the answers to a request are held to, as the server makes it: decoded, rendered with the default model's template,
/// made a grammar of.
final class HeldAnswer {
    // Only read, and never freed.
    private nonisolated(unsafe) static let model: OpaquePointer = {
        var model: OpaquePointer?
        var options = cl_model_options()
        options.vocabulary_only = true
        guard cl_model_load(InstalledModels.chat, options, &model) == .CL_OK, let model else {
            fatalError("the default model does not load; `make models` fetches it")
        }
        return model
    }()

    private static let shared: Result<(Vocabulary, ChatTemplate), any Error> = Result {
        let vocabulary = try Vocabulary(contentsOf: InstalledModels.chat)
        return (vocabulary, try ChatTemplate(vocabulary: vocabulary))
    }

    let rules: String
    /// What the model reads.
    let prompt: String
    private let parser: ChatParser
    private let grammar: OpaquePointer
    private let size: Int

    /// Those to a chat request with these members beside its messages.
    init(_ rest: String) throws {
        let (vocabulary, template) = try Self.shared.get()
        let body = #"{"messages":[{"role":"user","content":"Hi"}],"# + rest + "}"
        let rendering = ChatRendering(try ChatRequest(body: Array(body.utf8)).conversation)
        let rendered = try template.render(messages: rendering.messages.text, options: rendering.options.text)
        rules = rendered.grammar
        prompt = rendered.prompt
        parser = try ChatParser(rendered)
        var handle: OpaquePointer?
        let text = Array(rendered.grammar.utf8CString)
        let status = text.withUnsafeBufferPointer { text in
            rendered.generationPrompt.withCString { opening in
                "root".withCString { root in
                    var options = cl_grammar_options()
                    options.rules = text.baseAddress
                    options.rules_length = text.count - 1
                    options.root = root
                    options.opening = opening
                    options.opening_length = rendered.generationPrompt.utf8.count
                    return cl_grammar_create(Self.model, options, &handle)
                }
            }
        }
        try #require(status == .CL_OK, "\(String(cString: cl_last_error())): \(rendered.grammar)")
        grammar = try #require(handle)
        size = vocabulary.size
    }

    /// Of answers of a strict schema.
    convenience init(schema: String) throws {
        try self.init(
            #""response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":\#(schema)}}"#
        )
    }

    /// Of calls of a custom tool, which has to be called.
    convenience init(tool grammar: String, syntax: String) throws {
        let format: JSONValue = [
            "type": "grammar", "grammar": ["syntax": .string(syntax), "definition": .string(grammar)],
        ]
        try self.init(
            #""tool_choice":"required","parallel_tool_calls":false,"tools":[{"type":"custom","custom":"#
                + #"{"name":"t","format":\#(format.text)}}]"#
        )
    }

    deinit { cl_grammar_free(grammar) }

    private func mask(after tokens: [Int32]) -> [Bool]? {
        var allowed = [Bool](repeating: false, count: size)
        return cl_grammar_allowed(grammar, tokens, tokens.count, &allowed) == .CL_OK ? allowed : nil
    }

    private func tokens(_ text: String) throws -> [Int32] {
        try Self.shared.get().0.encode(text, addSpecial: false, parseSpecial: false)
    }

    /// Whether an answer may be this text, and end there.
    func accepts(_ text: String) throws -> Bool {
        guard let allowed = mask(after: try tokens(text)) else { return false }
        return allowed.indices.contains { allowed[$0] && cl_token_is_end(Self.model, Int32($0)) }
    }

    /// Whether a call of the custom tool may have this input.
    func accepts(input: String) throws -> Bool {
        // The model's format of calls is the one that is described to it.
        let arguments: JSONValue = ["input": .string(input)]
        return try accepts("<tool_call>\n{\"name\": \"t\", \"arguments\": \(arguments.text)}\n</tool_call>")
    }

    /// What a client gets of an answer.
    func content(of answer: String) throws -> String { try parser.parse(answer, isPartial: false).content }

    private func isEnd(_ token: Int) -> Bool { cl_token_is_end(Self.model, Int32(token)) }

    /// A token that may come, other than the end.
    private func draw(_ allowed: [Bool], _ random: inout SplitMix64) -> Int32? {
        // Most masks have a way on near any place, or few ways at all.
        for _ in 0..<50 {
            let token = Int.random(in: allowed.indices, using: &random)
            if allowed[token], !isEnd(token) { return Int32(token) }
        }
        var token = Int.random(in: allowed.indices, using: &random)
        for _ in allowed.indices {
            if allowed[token], !isEnd(token) { return Int32(token) }
            token = (token + 1) % allowed.count
        }
        return nil
    }

    /// An answer of random tokens that the grammar allows; nil where it does not come to its end.
    func walk(_ random: inout SplitMix64) throws -> String? {
        let vocabulary = try Self.shared.get().0
        let end = try #require((0..<size).first(where: isEnd))
        let closing = try ["\"", "]", "}", "`", "``"].flatMap { try self.tokens($0) }
        var tokens: [Int32] = []
        for step in 0..<120 {
            let allowed = try #require(mask(after: tokens), "no way on behind \(tokens)")
            let last = closing.filter { allowed[Int($0)] }.randomElement(using: &random)
            // The longer it takes, the more it is drawn to an end.
            let isTired = Int.random(in: 0..<60, using: &random) < step
            if allowed[end], isTired || Bool.random(using: &random) || draw(allowed, &random) == nil {
                return String(decoding: try tokens.flatMap { try vocabulary.piece(of: $0) }, as: UTF8.self)
            }
            let next = isTired ? last ?? draw(allowed, &random) : draw(allowed, &random)
            tokens.append(try #require(next, "no way on behind \(tokens)"))
        }
        return nil
    }
}
