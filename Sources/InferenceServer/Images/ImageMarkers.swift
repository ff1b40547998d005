import WireFormat

/// What stands for a conversation's images while its template is rendered: texts that nobody can have written.
struct ImageMarkers {
    private let name = "__media_\(UInt64.random(in: 0...UInt64.max))\(UInt64.random(in: 0...UInt64.max))_"
    let images: [ImageSource]

    init(_ conversation: Conversation) {
        images = conversation.turns.flatMap(\.images)
    }

    /// The marker of an image.
    func marker(_ index: Int) -> String { "\(name)\(index)__" }

    /// A piece of a rendered prompt.
    enum Piece: Equatable {
        case text(Substring)
        /// The index of an image.
        case image(Int)
    }

    /// Takes a rendered prompt apart.
    ///
    /// - Returns: Nil where not each image stands there once.
    func pieces(of text: String) -> [Piece]? {
        var pieces: [Piece] = []
        var rest = text[...]
        while let found = rest.firstRange(of: name) {
            let number = rest[found.upperBound...].prefix { $0.isASCII && $0.isNumber }
            guard let index = Int(number), images.indices.contains(index),
                rest[number.endIndex...].hasPrefix("__")
            else { return nil }
            if found.lowerBound > rest.startIndex { pieces.append(.text(rest[..<found.lowerBound])) }
            pieces.append(.image(index))
            rest = rest[number.endIndex...].dropFirst(2)
        }
        if !rest.isEmpty { pieces.append(.text(rest)) }
        let placed = pieces.compactMap { if case .image(let index) = $0 { index } else { nil } }
        return placed.sorted() == Array(images.indices) ? pieces : nil
    }

    /// What people are shown for an image.
    static let shown = "<__media__>"
}

extension Conversation {
    var hasImages: Bool { turns.contains { !$0.images.isEmpty } }
}

extension Turn {
    var images: [ImageSource] { content.compactMap { if case .image(let image) = $0 { image } else { nil } } }

    /// All text of it, with texts in place of its images; a line feed between two texts, as llama.cpp joins them.
    func text(markers: (Int) -> String) -> String {
        var text = ""
        var images = 0
        var isBehindText = false
        for part in content {
            switch part {
            case .text(let piece):
                if isBehindText { text += "\n" }
                text += piece
                isBehindText = true
            case .image:
                text += markers(images)
                images += 1
                isBehindText = false
            // They have become text before.
            case .audio, .spoken: break
            }
        }
        return text
    }
}
