/// Why sound could not be encoded or decoded.
package struct AudioError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// The bytes are no file of a format that is read.
        case unknownFormat
        /// A file without sound that is read.
        case noSound
        /// Nothing of the sound could be decoded.
        case damaged
        /// There is more sound than was allowed.
        case tooLong
        /// The work was cancelled.
        case cancelled
        /// The program was built without FFmpeg.
        case notBuilt
        /// There is no memory for it, or FFmpeg refused.
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
