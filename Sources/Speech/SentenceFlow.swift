/// Parts a text into sentences while it grows: the same sentences as `SentenceSplitter` makes of the whole.
///
/// A sentence comes out once nothing that may follow would lengthen it, which is when the next one has begun.
package struct SentenceFlow {
    /// How far behind a line break it takes to know a list's item.
    private static let itemLength = 4

    private var splitter: SentenceSplitter
    /// Where the sentence under way begins.
    private var start = 0
    /// What was looked at so far.
    private var place = 0

    /// - Parameter language: The text's language, such as `en-us`.
    package init(language: String = "en") { splitter = SentenceSplitter("", language: language) }

    /// Takes the next text.
    ///
    /// - Returns: Sentences that are whole now, with the spaces and line breaks behind them; often none.
    package mutating func append(_ text: String) -> [String] {
        splitter.append(text)
        return sentences(isWhole: false)
    }

    /// What is left, at the end of the text.
    package mutating func finish() -> [String] {
        let found = sentences(isWhole: true)
        let rest = String(splitter.text[start...])
        start = splitter.text.count
        return rest.isEmpty ? found : found + [rest]
    }

    private mutating func sentences(isWhole: Bool) -> [String] {
        var found: [String] = []
        while place < splitter.text.count, isWhole || !isUndecided {
            guard let end = end else {
                place += 1
                part(onto: &found)
                continue
            }
            place = end
            if splitter.text[start..<end].contains(where: { !$0.isWhitespace }) {
                found.append(String(splitter.text[start..<end]))
                start = end
            }
        }
        return found
    }

    /// Where the sentence ends whose last mark, or line, ends here: before the next one's first character.
    private var end: Int? {
        var end: Int
        if splitter.text[place] == "\n" {
            end = splitter.end(ofLinesAt: place)
            guard splitter.pauseBetweenLines(from: place, to: end) != nil else { return nil }
        } else {
            guard let found = splitter.sentenceEnd(at: place) else { return nil }
            end = found
        }
        while end < splitter.text.count, splitter.text[end].isWhitespace { end += 1 }
        return end
    }

    /// Whether what may still come decides over an end of a sentence here.
    private var isUndecided: Bool {
        let text = splitter.text
        let mark = text[place]
        if mark == "\n" { return splitter.end(ofLinesAt: place) + Self.itemLength > text.count }
        if SentenceSplitter.fullwidthEnds.contains(mark) {
            return splitter.skip(SentenceSplitter.closers.union(SentenceSplitter.fullwidthEnds), from: place + 1)
                == text.count
        }
        guard SentenceSplitter.ends.contains(mark) else { return false }
        guard place + 1 < text.count else { return true }
        let end = splitter.skip(SentenceSplitter.closers, from: place + 1)
        return end == text.count || text[end].isWhitespace && splitter.nextLetter(from: end) == nil
    }

    /// Parts a sentence that has become long, as it would be at its end.
    private mutating func part(onto found: inout [String]) {
        guard place - start > 2 * SentenceSplitter.longestPiece else { return }
        let pieces = SentenceSplitter.parts(of: SpeechPiece(String(splitter.text[start..<place]), pause: .zero))
        guard let first = pieces.first?.text.count, first < place - start else { return }
        found.append(String(splitter.text[start..<(start + first)]))
        start += first
    }
}
