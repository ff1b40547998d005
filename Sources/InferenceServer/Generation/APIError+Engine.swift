import Scheduling
import Tokenizer
import WireFormat

extension APIError {
    /// What a client is told of an error of the engine.
    ///
    /// - Parameters:
    ///   - error: The engine's.
    ///   - promptParameter: What the request calls its prompt; nil once it has been admitted.
    init(_ error: SchedulingError, promptParameter: String?) {
        switch error.code {
        case .queueFull(let seconds):
            self = .rateLimit(
                "The server is busy: \(error.description). Please try again later.",
                retryAfter: seconds
            )
        case .tooMany(let limit):
            self = .invalidRequest(
                "The request asks for more answers at once than the \(limit) that can wait.",
                param: "n"
            )
        case .promptTooLong(let limit, let tokens):
            self = .contextLengthExceeded(limit: limit, promptTokens: tokens, param: promptParameter ?? "prompt")
        case .emptyPrompt:
            self = .invalidRequest(
                "Invalid '\(promptParameter ?? "prompt")': it has no tokens.",
                param: promptParameter,
                code: "empty_prompt"
            )
        case .unsupportedWork:
            self = .invalidRequest("The request asks for something else: \(error.description).")
        case .stopping:
            self = .overloaded("The server is stopping.", retryAfter: 5)
        case .outOfCache:
            self = .overloaded("The server ran out of memory for this request. Please try again later.", retryAfter: 5)
        case .backendFailed:
            // The reason may hold details of the box; it is in the log.
            self = .internalServer
        }
    }

    /// What a client is told where its text could not be turned into a prompt.
    init(_ error: TokenizerError, param: String) {
        self = .invalidRequest("The model's template refused the \(param): \(error.sentence)", param: param)
    }
}
