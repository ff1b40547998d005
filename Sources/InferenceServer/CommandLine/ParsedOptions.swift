/// The options of a command line, read against those that a command knows.
struct ParsedOptions {
    private var values: [String: [String]] = [:]
    /// The arguments that are no options.
    private(set) var operands: [String] = []

    /// Reads `--name value` and `--name=value`.
    ///
    /// - Throws: `UsageError` for an unknown option, a missing value, or more arguments that are no options than
    ///   `maxOperands`.
    init(
        _ arguments: [String],
        options: [CommandLineOption],
        command: String,
        maxOperands: Int = 0
    ) throws(UsageError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("-") else {
                operands.append(argument)
                guard operands.count > maxOperands else { continue }
                throw UsageError("unexpected argument '\(argument)'; see '\(Version.name) \(command) --help'")
            }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let option = options.first(where: { $0.names.contains(parts[0]) }) else {
                throw UsageError("unknown option '\(parts[0])'; see '\(Version.name) \(command) --help'")
            }
            guard let placeholder = option.value else {
                guard parts.count == 1 else { throw UsageError("\(parts[0]) takes no value") }
                values[option.name, default: []].append("")
                continue
            }
            guard let value = parts.count == 2 ? parts[1] : rest.popFirst(), !value.isEmpty else {
                throw UsageError("\(parts[0]) needs a value: \(parts[0]) \(placeholder)")
            }
            values[option.name, default: []].append(value)
        }
    }

    func has(_ option: CommandLineOption) -> Bool { values[option.name] != nil }

    /// The last value given.
    func string(_ option: CommandLineOption) -> String? { values[option.name]?.last }

    /// All values given, in order.
    func strings(_ option: CommandLineOption) -> [String] { values[option.name] ?? [] }

    /// - Throws: `UsageError` where the value is not a whole number within the range.
    func integer(_ option: CommandLineOption, in range: ClosedRange<Int>) throws(UsageError) -> Int? {
        guard let text = string(option) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            let bounds =
                range.upperBound == .max
                ? "from \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
            throw UsageError("\(option.name) takes a whole number \(bounds), not '\(text)'")
        }
        return number
    }

    /// - Throws: `UsageError` where the value is not a number of at least 0.
    func number(_ option: CommandLineOption) throws(UsageError) -> Double? {
        guard let text = string(option) else { return nil }
        guard let number = Double(text), number >= 0, number.isFinite else {
            throw UsageError("\(option.name) takes a number of at least 0, not '\(text)'")
        }
        return number
    }
}
