import Foundation

/// Standard output and standard error, a write at a time.
enum Console {
    static func print(_ line: String) { write(line + "\n") }

    /// Writes without a line break.
    ///
    /// - Returns: False where nobody reads any more.
    @discardableResult
    static func write(_ text: String) -> Bool {
        (try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8))) != nil
    }

    static func printError(_ line: String) { try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8)) }

    static var inputIsTerminal: Bool { isatty(STDIN_FILENO) == 1 }
}
