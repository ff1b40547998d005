import Foundation

/// Standard output and standard error, a write at a time.
enum Console {
    static func print(_ line: String) { write(line + "\n") }

    /// Writes without a line break.
    ///
    /// A reader that has gone is not an error.
    static func write(_ text: String) { try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8)) }

    static func printError(_ line: String) { try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8)) }

    static var inputIsTerminal: Bool { isatty(STDIN_FILENO) == 1 }
}
