/// Parts a text into sentences, and long sentences into clauses.
///
/// It knows the sentence ends of many scripts, and where a full stop ends no sentence: in numbers, names, abbreviations, initials,
/// enumerations, ordinals, and before a word that goes on in lower case.
package struct SentenceSplitter {
    /// Longer sentences are parted, in characters.
    static let longestPiece = 300

    private(set) var text: [Character]
    /// Whether a number with a full stop may be an ordinal, as in German.
    private let hasOrdinals: Bool
    private let isEnglish: Bool

    init(_ text: String, language: String) {
        self.text = Array(text)
        let base = language.prefix { $0 != "-" }
        isEnglish = base == "en"
        hasOrdinals = Self.ordinalLanguages.contains(String(base))
    }

    /// Parts a text into pieces, in order, none of them empty.
    ///
    /// - Parameters:
    ///   - text: Cleaned by `SpeakableText`.
    ///   - language: Its language, such as `en-us`.
    /// - Returns: What is spoken in one go each.
    package static func split(_ text: String, language: String = "en") -> [SpeechPiece] {
        let splitter = SentenceSplitter(text, language: language)
        return splitter.sentences().flatMap { sentence in parts(of: sentence) }
    }

    /// Adds text behind what there is.
    mutating func append(_ more: String) {
        // The first character of it may belong to the last one there.
        let last = text.popLast().map(String.init) ?? ""
        text += Array(last + more)
    }

    private func sentences() -> [SpeechPiece] {
        var pieces: [SpeechPiece] = []
        var start = 0
        var place = 0
        func cut(at end: Int, _ pause: Duration) {
            let piece = trimmed(text[start..<end])
            if !piece.isEmpty {
                pieces.append(SpeechPiece(piece, pause: pause))
            } else if let last = pieces.indices.last {
                pieces[last].pause = max(pieces[last].pause, pause)
            }
            start = end
        }
        while place < text.count {
            if text[place] == "\n" {
                let end = end(ofLinesAt: place)
                if let pause = pauseBetweenLines(from: place, to: end) { cut(at: place, pause) }
                place = end
            } else if let end = sentenceEnd(at: place) {
                cut(at: end, SpeechPiece.Pause.sentence)
                place = end
            } else {
                place += 1
            }
        }
        cut(at: text.count, SpeechPiece.Pause.sentence)
        return pieces
    }

    // MARK: Lines

    func end(ofLinesAt place: Int) -> Int {
        text[place...].firstIndex { $0 != "\n" && $0 != " " } ?? text.count
    }

    /// The silence of a break between lines; nil where the sentence goes on in the next line.
    func pauseBetweenLines(from place: Int, to end: Int) -> Duration? {
        if text[place..<end].count(where: { $0 == "\n" }) > 1 { return SpeechPiece.Pause.paragraph }
        return end == text.count || isListItem(at: end) ? SpeechPiece.Pause.sentence : nil
    }

    /// Whether a line begins as one of a list: a bullet, or a number with a stop or bracket.
    private func isListItem(at place: Int) -> Bool {
        if Self.bullets.contains(text[place]) { return place + 1 < text.count && text[place + 1] == " " }
        let rest = text[place...].prefix(4).drop { $0.isNumber }
        guard text[place].isNumber, let mark = rest.first else { return false }
        return mark == "." || mark == ")"
    }

    // MARK: Ends of sentences

    /// Where the sentence ends whose last mark stands here, its closing quotes and brackets included; nil where none does.
    func sentenceEnd(at place: Int) -> Int? {
        let mark = text[place]
        if Self.fullwidthEnds.contains(mark) { return skip(Self.closers.union(Self.fullwidthEnds), from: place + 1) }
        guard Self.ends.contains(mark) else { return nil }
        // An end of several marks is looked at once, at the last of them.
        if place + 1 < text.count, Self.ends.contains(text[place + 1]) { return nil }
        let end = skip(Self.closers, from: place + 1)
        guard end < text.count else { return end }
        guard text[end].isWhitespace else { return nil }
        let isPlain = end == place + 1
        let next = nextLetter(from: end)
        if next?.isLowercase == true, mark == "." || mark == "…" || !isPlain { return nil }
        return mark == "." && isPlain && !endsSentence(stopAt: place, next: next) ? nil : end
    }

    /// Whether a full stop ends its sentence, by what stands before it.
    private func endsSentence(stopAt place: Int, next: Character?) -> Bool {
        if place > 0, text[place - 1] == "." { return true }
        let word = word(before: place)
        guard !word.isEmpty else { return true }
        if word.allSatisfy(\.isNumber) {
            if isLineStart(place - word.count) { return false }
            return !(hasOrdinals && word.count <= 2)
        }
        let lower = word.lowercased()
        // Initials and abbreviations of single letters; "I" is a word.
        if word.count == 1, word.first?.isUppercase == true { return word == "I" }
        // "z. B.", "d. h.", "д. 5": rare in English, where a letter is rather a name.
        if word.count == 1, word.first?.isLetter == true, !isEnglish { return false }
        if lower.contains(".") {
            return Self.dottedEnds.contains(lower)
        }
        if Self.abbreviations.contains(lower) { return false }
        if Self.beforeNumbers.contains(lower) { return next?.isNumber != true }
        return true
    }

    /// The word that ends before a place, full stops within it included.
    private func word(before place: Int) -> String {
        var start = place
        while start > 0, text[start - 1].isLetter || text[start - 1].isNumber || text[start - 1] == "." { start -= 1 }
        return String(text[start..<place])
    }

    private func isLineStart(_ place: Int) -> Bool {
        var before = place
        while before > 0, text[before - 1] == " " { before -= 1 }
        return before == 0 || text[before - 1] == "\n"
    }

    /// The first character of the next word, opening quotes passed over.
    func nextLetter(from place: Int) -> Character? {
        text[place...].first { !$0.isWhitespace && !Self.openers.contains($0) }
    }

    func skip(_ characters: Set<Character>, from place: Int) -> Int {
        text[place...].firstIndex { !characters.contains($0) } ?? text.count
    }

    private func trimmed(_ part: ArraySlice<Character>) -> String {
        let end = part.lastIndex { !$0.isWhitespace }.map { $0 + 1 } ?? part.startIndex
        let line = part[..<end].drop { $0.isWhitespace }
        return String(line.map { $0 == "\n" ? " " : $0 })
    }

    // MARK: Long sentences

    /// A sentence, parted where it is long: at a comma or the like, else at a space, else anywhere.
    static func parts(of sentence: SpeechPiece) -> [SpeechPiece] {
        var rest = Array(sentence.text)[...]
        var pieces: [SpeechPiece] = []
        while rest.count > longestPiece {
            let head = rest.prefix(longestPiece)
            let tail = head.suffix(longestPiece * 2 / 3)
            let clause = tail.indices.last { index in
                clauseMarks.contains(head[index])
                    && (fullwidthClauseMarks.contains(head[index]) || rest[index + 1].isWhitespace)
            }
            let end = clause.map { $0 + 1 } ?? tail.lastIndex { $0.isWhitespace } ?? head.endIndex
            let text = String(rest[..<end])
            pieces.append(SpeechPiece(text, pause: clause == nil ? SpeechPiece.Pause.none : SpeechPiece.Pause.clause))
            rest = rest[end...].drop { $0.isWhitespace }
        }
        if !rest.isEmpty { pieces.append(SpeechPiece(String(rest), pause: sentence.pause)) }
        return pieces
    }
}
