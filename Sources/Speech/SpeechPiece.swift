/// A stretch of text that is spoken in one go, and the silence behind it.
package struct SpeechPiece: Sendable, Equatable {
    package var text: String
    package var pause: Duration

    package init(_ text: String, pause: Duration) {
        self.text = text
        self.pause = pause
    }
}

extension SpeechPiece {
    /// Silences behind pieces, about as long as speakers make them.
    package enum Pause {
        package static let paragraph = Duration.milliseconds(600)
        package static let sentence = Duration.milliseconds(300)
        /// Where a long sentence is parted at a comma or the like.
        package static let clause = Duration.milliseconds(120)
        /// Where it has none.
        package static let none = Duration.zero
    }
}
