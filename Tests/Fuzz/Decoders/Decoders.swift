import FuzzDriver
import WireFormat
import YAML

/// What SwiftPM has as the main function of the program.
@_cdecl("FuzzDecoders_main")
public func run(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt {
    fuzz(count, arguments, with: FuzzDecoders.read)
}

/// Reads what clients and files of settings say: the first character of an input chooses who reads the rest.
enum FuzzDecoders {
    static func read(_ input: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = input.first, let reader = readers[Character(Unicode.Scalar(first))] else { return false }
        reader(Array(input.dropFirst()))
        return true
    }

    typealias Reader = @Sendable ([UInt8]) -> Void

    private static let readers: [Character: Reader] = [
        "A": request(MessagesRequest.self),
        "a": request(MessagesPrompt.self),
        "C": request(ChatRequest.self),
        "c": request(CompletionRequest.self),
        "D": request(DecisionRequest.self),
        "E": request(EmbeddingRequest.self),
        "I": request(InfillRequest.self),
        "L": request(LlamaCompletionRequest.self),
        "M": request(ModerationRequest.self),
        "O": request(OllamaChatRequest.self),
        "o": request(OllamaGenerateRequest.self),
        "V": request(OllamaEmbedRequest.self),
        "v": request(OllamaEmbedRequest.Old.self),
        "m": request(OllamaModelRequest.self),
        "R": request(ResponseRequest.self),
        "r": request(ResponseCountRequest.self),
        "p": request(ResponseCompactRequest.self),
        "K": request(RerankRequest.self),
        "T": request(TokenizeRequest.self),
        "l": request(LogitsRequest.self),
        "w": request(LoadModelRequest.self),
        "e": request(EncodeRequest.self),
        "d": request(DecodeRequest.self),
        "z": request(EmptyRequest.self),
        "P": request(SpeechRequest.self),
        "F": request(VoiceRequest.self),
        "f": request(VoiceConsentRequest.self),
        "u": request(VoiceConsentUpdate.self),
        "J": json,
        "S": { schema($0, isStrict: true) },
        "s": { schema($0, isStrict: false) },
        "G": { tool($0, syntax: "lark") },
        "g": { tool($0, syntax: "regex") },
        "Y": yaml,
    ]

    /// Decodes a body; what is wrong with it is said in JSON that can be read, with a status of the client's.
    private static func request<Request: RequestBody>(_ type: Request.Type) -> Reader {
        { body in
            do throws(APIError) {
                _ = try Request(body: body)
            } catch {
                precondition((400..<500).contains(error.status) || error.status == 501, "\(error)")
                precondition((try? JSONValue.parse(error.json.serialized)) == error.json, "\(error)")
                precondition(error.message.utf8.count < 4096, "a long message")
            }
        }
    }

    /// What is read and written is read as the same.
    private static func json(_ text: [UInt8]) {
        guard let value = try? JSONValue.parse(text) else { return }
        let again = try? JSONValue.parse(value.serialized)
        precondition(again == value, "\(value.text) is read as \(again?.text ?? "nothing")")
    }

    private static func yaml(_ text: [UInt8]) { _ = try? YAMLTexts(text) }

    /// Asks for answers of a schema.
    private static func schema(_ text: [UInt8], isStrict: Bool) {
        guard let schema = try? JSONValue.parse(text) else { return }
        request(ChatRequest.self)(Bodies.chat(schema: schema, isStrict: isStrict).serialized)
    }

    /// Offers a tool whose input is of a grammar.
    private static func tool(_ text: [UInt8], syntax: String) {
        request(ChatRequest.self)(
            Bodies.chat(grammar: String(decoding: text, as: UTF8.self), syntax: syntax).serialized
        )
    }
}
