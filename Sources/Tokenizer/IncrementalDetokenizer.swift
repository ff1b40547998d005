/// Turns the tokens of a growing answer into text, piece by piece, without ever showing broken UTF-8.
///
/// A character whose bytes are spread over tokens comes out with its last byte. However the tokens are cut, the pieces
/// together are `String(decoding: allBytes, as: UTF8.self)`.
package struct IncrementalDetokenizer: Sendable {
    private let vocabulary: Vocabulary
    private let special: Bool
    private let preserved: Set<Token>
    private var stripsSpace: Bool
    private var assembler = UTF8Assembler()

    /// - Parameters:
    ///   - vocabulary: The vocabulary of the tokens to come.
    ///   - continuesText: Whether they go on from a prompt, whose last word and their first are then apart by the
    ///     space that the first token brings; otherwise they stand alone and the space goes, as in `decode`.
    ///   - special: Whether special tokens are rendered by name.
    ///   - preserved: Special tokens that are rendered by name in any case.
    package init(
        vocabulary: Vocabulary,
        continuesText: Bool = true,
        special: Bool = false,
        preserved: Set<Token> = []
    ) {
        self.vocabulary = vocabulary
        self.special = special
        self.preserved = preserved
        stripsSpace = !continuesText && vocabulary.stripsFirstSpace
    }

    /// Takes the next token and gives the text that it completes, which may be empty.
    ///
    /// - Throws: ``TokenizerError`` with `invalidArgument` where there is no such token; nothing has changed then.
    package mutating func append(_ token: Token) throws(TokenizerError) -> String {
        var piece = try vocabulary.piece(of: token, special: special || preserved.contains(token))[...]
        if stripsSpace, piece.first == UInt8(ascii: " ") { piece.removeFirst() }
        stripsSpace = false
        return assembler.append(piece)
    }

    /// Ends the answer, and gives U+FFFD for a character that was left incomplete, or nothing.
    package mutating func finish() -> String { assembler.finish() }
}
