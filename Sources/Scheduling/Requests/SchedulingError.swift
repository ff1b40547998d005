/// Why a request was not admitted, or could not be finished.
package struct SchedulingError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// The queue of waiting requests is full: try again later, in about so many seconds.
        case queueFull(retryAfterSeconds: Int)
        /// The request asks for more at once than can ever be admitted.
        case tooMany(limit: Int)
        /// The prompt leaves no room for an answer.
        case promptTooLong(limit: Int, tokens: Int)
        case emptyPrompt
        /// The backend has no steps of the kind that the request needs.
        case unsupportedWork
        /// The engine is stopping.
        case stopping
        /// A step that served the request failed in native code.
        case backendFailed
        /// The KV cache ran out and nothing could be evicted.
        case outOfCache
    }

    package let code: Code
    package let description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
