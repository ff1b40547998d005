import Foundation
import Synchronization

/// How much a line of the log matters; lines below the threshold are not even formatted.
package enum LogLevel: Int, Comparable, Sendable, CaseIterable {
    case debug, info, warning, error

    /// The level of this name, or nil: the names of `--log-level`.
    package init?(name: String) {
        guard let level = Self.allCases.first(where: { "\($0)" == name }) else { return nil }
        self = level
    }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// A named source of log lines on standard error.
///
/// Lines never hold a prompt, an answer, a key or a request's body: callers log ids, sizes and counts only.
/// A line is written with one `write(2)`, so lines of several threads do not mix.
package struct Log: Sendable {
    private static let threshold = Atomic<Int>(LogLevel.info.rawValue)

    /// Where the lines come from, such as `http` or `engine`.
    package let label: String

    package init(_ label: String) { self.label = label }

    /// Sets the threshold of the whole process.
    package static func setLevel(_ level: LogLevel) { threshold.store(level.rawValue, ordering: .relaxed) }

    package func debug(_ message: @autoclosure () -> String) { write(.debug, message) }
    package func info(_ message: @autoclosure () -> String) { write(.info, message) }
    package func warning(_ message: @autoclosure () -> String) { write(.warning, message) }
    package func error(_ message: @autoclosure () -> String) { write(.error, message) }

    private func write(_ level: LogLevel, _ message: () -> String) {
        guard level.rawValue >= Self.threshold.load(ordering: .relaxed) else { return }
        let line = "\(Date.now.ISO8601Format()) \(level) [\(label)] \(message())\n"
        try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
    }
}
