/// Why a text is not accepted as JSON.
package struct JSONError: Error, Sendable, Equatable {
    /// What kind of fault it is.
    package enum Code: Sendable {
        case empty, truncated, syntax, invalidUTF8, duplicateKey, nullInKey, numberOutOfRange, trailingText
        case tooDeep, tooManyValues, tooLong, outOfMemory
    }

    package let code: Code

    /// One sentence for the client, with line and column where there is one.
    package let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    init(_ code: Code, _ fault: String, line: Int, column: Int) {
        self.init(code, "\(fault) at line \(line), column \(column).")
    }
}
