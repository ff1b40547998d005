/// Texts that a model is to read: a text, texts, token ids, or lists of token ids.
package enum TextInput: Sendable, Equatable {
    case text(String)

    /// At least one.
    case texts([String])

    /// At least one token id; none is negative.
    case tokens([Int])

    /// At least one list; each as in `tokens`.
    case tokenLists([[Int]])
}

struct TextInputShape: Shape {
    private let text: StringShape
    private let texts: ListShape<StringShape>
    private let tokens: ListShape<IntegerShape>
    private let tokenLists: ListShape<ListShape<IntegerShape>>

    let name: ShapeName

    /// `prompt` of text completions.
    static let prompt = TextInputShape(text: StringShape(), maximumCount: 128, plural: "prompts")

    /// - Parameters:
    ///   - text: What each text must look like.
    ///   - maximumCount: The most texts, or lists of token ids.
    ///   - plural: What errors call several of them.
    init(text: StringShape, maximumCount: Int, plural: String) {
        self.text = text
        texts = ListShape(of: text, minimumCount: 1, maximumCount: maximumCount)
        tokens = ListShape(of: IntegerShape(minimum: 0, maximum: Int64(Int32.max)), minimumCount: 1)
        tokenLists = ListShape(of: tokens, minimumCount: 1, maximumCount: maximumCount)
        name = ShapeName(
            singular: "one of a string, array of strings, array of integers, or array of integer arrays",
            plural: plural
        )
    }

    var schema: JSONValue { .anyOf(text, texts, tokens, tokenLists) }

    /// The first element of an array says which kind of array it is.
    func decode(_ value: JSONValue, at path: ParameterPath) throws(APIError) -> TextInput {
        switch value {
        case .string:
            return .text(try text.decode(value, at: path))
        case .array(let elements):
            switch elements.first {
            case .integer, .number:
                return .tokens(try tokens.decode(value, at: path).map { Int($0) })
            case .array:
                return .tokenLists(try tokenLists.decode(value, at: path).map { $0.map { Int($0) } })
            case .string, nil:
                return .texts(try texts.decode(value, at: path))
            case .some(let first):
                throw mismatch(first, at: path.element(0))
            }
        default:
            throw mismatch(value, at: path)
        }
    }
}
