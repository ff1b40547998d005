import Scheduling
import Tokenizer
import WireFormat

/// What becomes of one answer to a text: pieces of text, each with the probabilities that belong to it.
struct CompletionAnswer {
    private let input: CompletionInput
    private let vocabulary: Vocabulary
    private let echoes: Bool
    private let showsLogprobs: Bool
    private var hasBegun = false
    private var logprobs = CompletionLogprobs()

    init(to input: CompletionInput, _ request: CompletionRequest, vocabulary: Vocabulary) {
        self.input = input
        self.vocabulary = vocabulary
        echoes = request.echoesPrompt
        showsLogprobs = request.generation.logprobs != nil
    }

    struct Piece {
        let text: String
        let logprobs: CompletionLogprobs?
    }

    /// The next piece, or nil where a part of the answer gives none.
    mutating func piece(of part: Answer.Part) throws -> Piece? {
        switch part {
        case .prompt(let tokens): try beginning(tokens)
        case .text(let text, let tokens): made(of: text, tokens)
        case .progress: Piece(text: "", logprobs: nil)
        case .end: nil
        }
    }

    /// The prompt, where it is echoed.
    private mutating func beginning(_ tokens: [TokenLogprob]) throws -> Piece? {
        guard echoes else { return nil }
        if showsLogprobs {
            // Nothing is known of a first token that nothing comes before.
            if input.added == 0, let first = input.tokens.first {
                logprobs.append(first: try vocabulary.piece(of: first, special: true))
            }
            for token in tokens { logprobs.append(token) }
        }
        return told(input.text)
    }

    private mutating func made(of text: String, _ tokens: [TokenLogprob]) -> Piece {
        if showsLogprobs {
            for token in tokens { logprobs.append(token) }
        }
        return told(text)
    }

    private mutating func told(_ text: String) -> Piece {
        guard showsLogprobs else { return Piece(text: text, logprobs: nil) }
        defer { logprobs = logprobs.successor }
        return Piece(text: text, logprobs: logprobs)
    }
}
