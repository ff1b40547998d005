internal import CLlama

/// Why a text could not become tokens, tokens a text, or a conversation a prompt.
package struct TokenizerError: Error, Hashable, CustomStringConvertible {
    /// What kind of failure it is, for those who choose what to do about it.
    package enum Code: Hashable, Sendable {
        /// The file is not there, not readable, or holds no vocabulary.
        case unusableModel
        /// What was asked makes no sense: a token that does not exist, messages that are no JSON, a text too long.
        case invalidArgument
        /// The chat template refused the conversation, or does not parse; the sentence is the template's.
        case templateRefused
        /// llama.cpp failed.
        case failed
    }

    package let code: Code

    /// One sentence for a person.
    ///
    /// It may quote the input, so it goes to the one who sent it, never into the log.
    package let sentence: String

    /// The native status behind it, where there is one; codes are open-ended.
    package let status: Int32?

    package init(_ code: Code, _ sentence: String, status: Int32? = nil) {
        self.code = code
        self.sentence = sentence
        self.status = status
    }

    package var description: String { sentence }
}

extension TokenizerError {
    /// Turns a native status into an error, to be called on the thread of the failed call, straight after it.
    ///
    /// - Parameters:
    ///   - status: What the native call gave.
    ///   - failure: The code for a refusal by llama.cpp itself.
    /// - Throws: A ``TokenizerError`` unless the status is `CL_OK`.
    static func check(_ status: cl_status, or failure: Code = .failed) throws(TokenizerError) {
        guard status != .CL_OK else { return }
        let sentence = unsafe String(cString: cl_last_error())
        let code: Code = status == .CL_INVALID_ARGUMENT ? .invalidArgument : failure
        throw TokenizerError(code, sentence, status: Int32(bitPattern: status.rawValue))
    }
}
