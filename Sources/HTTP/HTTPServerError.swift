/// Why a server could not be set up.
package struct HTTPServerError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        case addressInUse, addressUnavailable, permissionDenied, unresolvableHost, badTLSIdentity, systemFailure
        /// `start` was called before, or the server was shut down.
        case notStartable
    }

    package let code: Code
    /// One plain sentence.
    package let message: String
    /// The error number of the system call that failed; 0 without one.
    package let errorNumber: Int32

    init(_ code: Code, _ message: String, errorNumber: Int32 = 0) {
        self.code = code
        self.message = message
        self.errorNumber = errorNumber
    }

    package var description: String { errorNumber == 0 ? message : "\(message) (error \(errorNumber))" }
}
