/// An option of the command line: its names, what it takes, and its line in the help.
struct CommandLineOption: Sendable {
    let names: [String]
    /// What the help calls its value; nil for an option that takes none.
    let value: String?
    let help: String

    init(_ names: String..., value: String? = nil, help: String) {
        self.names = names
        self.value = value
        self.help = help
    }

    var name: String { names[0] }

    /// The help's lines, the text beginning at a fixed column.
    var helpLines: String {
        let left = "  " + names.joined(separator: ", ") + (value.map { " \($0)" } ?? "")
        let column = 30
        let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
        let pad = String(repeating: " ", count: column)
        let first =
            left.count < column - 1 ? left + String(repeating: " ", count: column - left.count) : left + "\n" + pad
        return first + lines.joined(separator: "\n" + pad)
    }
}

/// What is wrong with a command line, in one line.
struct UsageError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
