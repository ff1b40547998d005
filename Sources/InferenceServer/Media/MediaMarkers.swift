import WireFormat

/// What stands for a conversation's images and sounds while its template is rendered: texts that nobody can have written.
struct MediaMarkers {
    private let name = "__media_\(UInt64.random(in: 0...UInt64.max))\(UInt64.random(in: 0...UInt64.max))_"
    let media: [MediaSource]

    init(_ conversation: Conversation) {
        media = conversation.media
    }

    /// The marker of an image or sound.
    func marker(_ index: Int) -> String { "\(name)\(index)__" }

    /// A piece of a rendered prompt.
    enum Piece: Equatable {
        case text(Substring)
        /// The index of an image or sound.
        case media(Int)
    }

    /// Takes a rendered prompt apart.
    ///
    /// - Returns: Nil where not each of them stands there once.
    func pieces(of text: String) -> [Piece]? {
        var pieces: [Piece] = []
        var rest = text[...]
        while let found = rest.firstRange(of: name) {
            let number = rest[found.upperBound...].prefix { $0.isASCII && $0.isNumber }
            guard let index = Int(number), media.indices.contains(index),
                rest[number.endIndex...].hasPrefix("__")
            else { return nil }
            if found.lowerBound > rest.startIndex { pieces.append(.text(rest[..<found.lowerBound])) }
            pieces.append(.media(index))
            rest = rest[number.endIndex...].dropFirst(2)
        }
        if !rest.isEmpty { pieces.append(.text(rest)) }
        let placed = pieces.compactMap { if case .media(let index) = $0 { index } else { nil } }
        return placed.sorted() == Array(media.indices) ? pieces : nil
    }

    /// What people are shown for one.
    static let shown = "<__media__>"
}
