/// Why a folder can't be used, or a file of it.
package struct KVStoreError: Error, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// Another process has it.
        case inUse
        /// It is not as it has to be.
        case unusable
        /// It has not the content that was written: damaged.
        case damaged
        /// It was not made by this program.
        case foreign
        /// The operating system refused.
        case failed(errno: Int32)
    }

    package let code: Code
    package let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
