/// `prompt` of text completions: a text, texts, token ids, or lists of token ids.
struct CompletionPromptShape: Shape {
    private static let maximumCount = 128
    private static let text = StringShape()
    private static let token = IntegerShape(minimum: 0, maximum: Int64(Int32.max))
    private static let texts = ListShape(of: text, minimumCount: 1, maximumCount: maximumCount)
    private static let tokens = ListShape(of: token, minimumCount: 1)
    private static let tokenLists = ListShape(of: tokens, minimumCount: 1, maximumCount: maximumCount)

    let name = ShapeName(
        singular: "one of a string, array of strings, array of integers, or array of integer arrays",
        plural: "prompts"
    )

    var schema: JSONValue { .anyOf(Self.text, Self.texts, Self.tokens, Self.tokenLists) }

    /// The first element of an array says which kind of array it is.
    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> CompletionPrompt {
        switch value {
        case .string(let text):
            return .text(text)
        case .array(let elements):
            switch elements.first {
            case .integer, .number:
                return .tokens(try Self.tokens.decode(value, at: path).map { Int($0) })
            case .array:
                return .tokenLists(try Self.tokenLists.decode(value, at: path).map { $0.map { Int($0) } })
            case .string, nil:
                return .texts(try Self.texts.decode(value, at: path))
            case .some(let first):
                throw mismatch(first, at: path.element(0))
            }
        default:
            throw mismatch(value, at: path)
        }
    }
}
