import Testing
import Tokenizer

@Suite("OpenAI's encoding cl100k_base")
struct OpenAIEncodingTests {
    private let encoding = OpenAIEncoding.cl100k

    @Test("it has the tokens of text, and no others")
    func size() {
        #expect(encoding.size == 100_256)
        #expect(encoding.decode([100_255]) != nil)
        for id in [-1, 100_256, 100_257, .max, .min] { #expect(encoding.decode([9906, id]) == nil) }
    }

    @Test("tokens become the text that they stand for")
    func text() {
        #expect(encoding.decode([9906, 1917]) == "Hello world")
        #expect(encoding.decode([]) == "")
        #expect(encoding.decode([0, 1, 2]) == "!\"#")
        // The bytes of one character in several tokens; half of it is no UTF-8.
        #expect(encoding.decode([9468, 19044]) == "\u{1F642}")
        #expect(encoding.decode([9468])?.hasPrefix("\u{FFFD}") == true)
    }
}
