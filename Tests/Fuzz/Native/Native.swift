import CLlama
import Foundation
import FuzzDriver
import Tokenizer
import WireFormat

/// What SwiftPM has as the main function of the program.
@_cdecl("FuzzNative_main")
public func run(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt {
    FuzzNative.start()
    return fuzz(count, arguments, with: FuzzNative.read)
}

/// Gives native code what clients and models say, by way of the shim: the first character of an input chooses to whom.
enum FuzzNative {
    static func read(_ input: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = input.first, let reader = readers[Character(Unicode.Scalar(first))] else { return false }
        reader(Array(input.dropFirst()))
        return true
    }

    /// What takes its time, before inputs are measured.
    static func start() {
        cl_runtime_start({ _, _, _ in }, nil, false)
        precondition(!Templates.all.isEmpty)
    }

    private static let readers: [Character: @Sendable ([UInt8]) -> Void] = [
        "A": answer,
        "M": { render($0, asMessages: true) },
        "O": { render($0, asMessages: false) },
        "G": { grammar(String(decoding: $0, as: UTF8.self)) },
        "S": { schema(String(decoding: $0, as: UTF8.self)) },
        "D": decodedSchema,
        "L": lark,
    ]

    /// Reads an answer as it grows; the first two bytes say of which template, and in pieces of which length.
    private static func answer(_ input: [UInt8]) {
        guard input.count > 2, let prompt = Templates.prompt(Int(input[0])) else { return }
        guard let parser = try? ChatParser(prompt) else {
            fatalError("a template's own parser can't be read")
        }
        let text = String(decoding: input[2...], as: UTF8.self)
        var reader = AnswerReader(parser)
        var rest = text[...]
        let step = Int(input[1]) % 32 + 1
        while !rest.isEmpty {
            _ = reader.append(String(rest.prefix(step)))
            rest = rest.dropFirst(step)
        }
        _ = reader.finish(isCut: input[1] & 0x80 != 0)
    }

    /// Renders messages, or a message with options; the first byte says by which template.
    private static func render(_ input: [UInt8], asMessages: Bool) {
        guard let first = input.first else { return }
        let text = String(decoding: input.dropFirst(), as: UTF8.self)
        let template = Templates.all[Int(first) % Templates.all.count]
        let prompt =
            asMessages
            ? try? template.render(messages: text, options: #"{"tools": [\#(Templates.tool)]}"#)
            : try? template.render(messages: Templates.question, options: text)
        guard let prompt else { return }
        precondition((try? ChatParser(prompt)) != nil, "the parser of a rendered prompt can't be read")
        if !prompt.grammar.isEmpty { grammar(prompt.grammar) }
    }

    /// Reads a grammar, and asks what may stand at its beginning, and behind that.
    private static func grammar(_ rules: String) {
        guard let grammar = NativeGrammar(rules) else { return }
        var tokens: [Int32] = []
        while tokens.count < 4, let allowed = grammar.allowed(after: tokens) {
            guard let next = allowed.indices.first(where: { allowed[$0] }) else { return }
            tokens.append(Int32(next))
        }
    }

    private static func schema(_ text: String) {
        guard let rules = try? SchemaGrammar.rules(of: text) else { return }
        grammar(rules)
    }

    /// A strict schema that the decoder lets through.
    private static func decodedSchema(_ text: [UInt8]) {
        guard let schema = try? JSONValue.parse(text),
            let request = try? ChatRequest(body: Bodies.chat(schema: schema, isStrict: true).serialized),
            case .jsonSchema(let checked, _) = request.conversation.responseFormat
        else { return }
        self.schema(checked.text)
    }

    /// A grammar in Lark's language that the decoder lets through.
    private static func lark(_ text: [UInt8]) {
        let body = Bodies.chat(grammar: String(decoding: text, as: UTF8.self), syntax: "lark")
        guard let request = try? ChatRequest(body: body.serialized),
            case .custom(let rules?)? = request.conversation.tools.first?.kind
        else { return }
        let schema: JSONValue = ["type": "string", "$grammar": .string(rules)]
        self.schema(schema.text)
    }
}
