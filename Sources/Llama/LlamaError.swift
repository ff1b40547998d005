internal import CLlama

/// A failure of llama.cpp, or a refusal before native code saw the call.
package struct LlamaError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        case invalidArgument, failed, outOfMemory
    }

    package let code: Code
    package let description: String
    /// The native side's own sentence.
    package let reason: String
    /// The raw status of the C boundary: its values are open-ended.
    package let status: UInt32

    init(code: Code, description: String, status: UInt32, reason: String? = nil) {
        self.code = code
        self.description = description
        self.status = status
        self.reason = reason ?? description
    }

    /// Throws where a call of the C boundary did not succeed; to be called on the thread that made the call.
    static func check(_ status: cl_status, _ action: String) throws(LlamaError) {
        guard status != .CL_OK else { return }
        let reason = unsafe String(cString: cl_last_error())
        let code: Code =
            switch status {
            case .CL_INVALID_ARGUMENT: .invalidArgument
            case .CL_OUT_OF_MEMORY: .outOfMemory
            default: .failed
            }
        throw LlamaError(
            code: code,
            description: "could not \(action): \(reason)",
            status: UInt32(status.rawValue),
            reason: reason
        )
    }
}
