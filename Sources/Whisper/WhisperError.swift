internal import CWhisper

/// Why something was not transcribed.
package struct WhisperError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// The file is no whisper model, or a damaged one.
        case badModel
        /// The sound can't be read.
        case badSound
        /// An option that can't be met.
        case invalidArgument
        /// Too many requests are under way; how long to wait before the next try.
        case queueFull(retryAfterSeconds: Int)
        case stopping
        case outOfMemory
        /// It was ended before it was done.
        case ended
        case failed
    }

    package let code: Code
    /// One plain sentence, without a full stop.
    package let description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    /// Throws where a call of the C boundary did not succeed; to be called on the thread that made the call.
    static func check(_ status: cw_status, _ action: String, invalid: Code = .invalidArgument) throws(WhisperError) {
        guard status != .CW_OK else { return }
        let code: Code =
            switch status {
            case .CW_INVALID_ARGUMENT: invalid
            case .CW_OUT_OF_MEMORY: .outOfMemory
            case .CW_ENDED: .ended
            default: .failed
            }
        let reason = unsafe String(cString: cw_last_error())
        throw WhisperError(code, "could not \(action): \(reason)")
    }
}
