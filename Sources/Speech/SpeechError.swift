/// Why something was not spoken.
package struct SpeechError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// The program was built without it.
        case notBuilt
        /// Its data or its process are not there.
        case unavailable
        /// Too many utterances wait: try again later, in about so many seconds.
        case queueFull(retryAfterSeconds: Int)
        /// The engine is stopping.
        case stopping
        /// The synthesizer failed on this text.
        case failed
    }

    package let code: Code
    /// One plain sentence, without a full stop.
    package let description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
