/// Reads a growing answer, and tells what is new in its parts.
///
/// The parser reads the answer anew each time, so a long answer is not read at every token: after `readsEach` bytes,
/// only when it has grown by a 256th. Reading an answer of n bytes so takes time in O(n log n), with a constant of 256.
///
/// Whatever the model writes comes out: text that the parser can't read is content.
package struct AnswerReader: Sendable {
    /// One piece of an answer.
    ///
    /// Pieces of a call follow its beginning; calls follow each other.
    package enum Piece: Hashable, Sendable {
        case reasoning(String)
        case content(String)
        /// The id is the model's own, or empty.
        case callBegan(index: Int, id: String, name: String)
        case arguments(index: Int, String)
    }

    private static let readsEach = 4096

    private let parser: ChatParser
    private var text = ""
    /// At which length the text is read next.
    private var nextReading = 1
    /// What has been told, and what was read last.
    private var told: ParsedAnswer
    private var begun = 0

    /// - Parameter parser: Of the prompt that is answered.
    package init(_ parser: ChatParser) {
        self.parser = parser
        // What the answer goes on from was told before.
        told = parser.isPlain ? ParsedAnswer() : ((try? parser.parse("", isPartial: true)) ?? ParsedAnswer())
        told.calls = []
    }

    /// Takes the next piece of the answer's text.
    package mutating func append(_ piece: String) -> [Piece] {
        if parser.isPlain { return piece.isEmpty ? [] : [.content(piece)] }
        text += piece
        guard text.utf8.count >= nextReading else { return [] }
        nextReading = text.utf8.count + max(1, (text.utf8.count - Self.readsEach) / 256)
        guard let read = try? parser.parse(text, isPartial: true) else { return [] }
        return news(in: read, isWhole: false)
    }

    /// Ends the answer, and gives what was held back.
    ///
    /// - Parameter isCut: Whether the model would have gone on: a mark of its format that is not complete, such as half
    ///   of a tag, is no content then.
    /// - Returns: The last pieces.
    package mutating func finish(isCut: Bool = false) -> [Piece] {
        if parser.isPlain { return [] }
        if let read = try? parser.parse(text, isPartial: false) {
            var pieces = news(in: read, isWhole: true)
            let rest = isCut ? "" : restOfContent ?? ""
            if rest.contains(where: { !$0.isWhitespace }) { pieces.append(.content(rest)) }
            return pieces
        }
        var pieces: [Piece] = []
        if let read = try? parser.parse(text, isPartial: true) { pieces = news(in: read, isWhole: true) }
        let rest = untold
        if !rest.isEmpty { pieces.append(.content(rest)) }
        return pieces
    }

    private mutating func news(in read: ParsedAnswer, isWhole: Bool) -> [Piece] {
        var pieces: [Piece] = []
        if let more = Self.growth(of: read.reasoning, over: told.reasoning) {
            pieces.append(.reasoning(more))
            told.reasoning = read.reasoning
        }
        if let more = Self.growth(of: read.content, over: told.content) {
            pieces.append(.content(more))
            told.content = read.content
        }
        for (index, call) in read.calls.enumerated() {
            if index == begun {
                // A name alone may still grow: it is told with what follows it.
                guard !call.name.isEmpty, isWhole || !call.arguments.isEmpty || index + 1 < read.calls.count else {
                    break
                }
                pieces.append(.callBegan(index: index, id: call.id, name: call.name))
                told.calls.append(ParsedAnswer.Call(id: call.id, name: call.name, arguments: ""))
                begun += 1
            }
            if let more = Self.growth(of: call.arguments, over: told.calls[index].arguments) {
                pieces.append(.arguments(index: index, more))
                told.calls[index].arguments = call.arguments
            }
        }
        return pieces
    }

    /// What has been added to a part; nil where nothing has, or where the parser thought better of what was told.
    private static func growth(of now: String, over before: String) -> String? {
        guard now.utf8.count > before.utf8.count, now.utf8.starts(with: before.utf8) else { return nil }
        return String(decoding: now.utf8.dropFirst(before.utf8.count), as: UTF8.self)
    }

    /// What stands behind the content, where there was nothing else.
    private var restOfContent: String? {
        guard told.calls.isEmpty, told.reasoning.isEmpty, text.utf8.starts(with: told.content.utf8) else { return nil }
        return String(decoding: text.utf8.dropFirst(told.content.utf8.count), as: UTF8.self)
    }

    /// What stands behind the last thing told.
    private var untold: String {
        if let rest = restOfContent { return rest }
        for part in [told.calls.last?.arguments, told.content, told.reasoning] {
            // The end of a long part is enough to find it again.
            guard let part, let end = text.end(ofLast: part.utf8.suffix(64)) else { continue }
            return String(text[end...])
        }
        return text
    }
}

extension String {
    /// Where the last place ends at which these bytes stand in the text.
    fileprivate func end(ofLast sought: Substring.UTF8View) -> Index? {
        guard !sought.isEmpty else { return nil }
        let (bytes, sought) = (Array(utf8), Array(sought))
        guard sought.count <= bytes.count else { return nil }
        for start in stride(from: bytes.count - sought.count, through: 0, by: -1)
        where bytes[start..<start + sought.count].elementsEqual(sought) {
            return utf8.index(startIndex, offsetBy: start + sought.count)
        }
        return nil
    }
}
