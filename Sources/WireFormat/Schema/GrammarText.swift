/// Pieces of GBNF that stand for text as JSON writes it within a string.
///
/// What is written here never holds `@`, by which rules are named that the native side gives a prefix of their own
/// (see ``JSONSchema/grammarKey``).
enum GrammarText {
    /// A text.
    static func literal(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        "\"" + scalars.map(character).joined() + "\""
    }

    /// Something between quotes.
    static func quoted(_ expression: String) -> String { "\"\\x22\" (\(expression)) \"\\x22\"" }

    /// One of some characters; nil where there are none.
    static func set(_ set: ScalarSet) -> String? {
        let plain = set.subtracting(.escapedInJSON)
        let escapes = shortEscapes.filter { set.contains($0.key.value) }.map(\.value).sorted()
        let direct = plain.ranges.isEmpty ? nil : "[" + plain.ranges.map(written).joined() + "]"
        let escaped =
            escapes.isEmpty ? nil : "\"\\x5C\" [" + escapes.map { inGrammar($0.value) }.joined() + "]"
        return switch (direct, escaped) {
        case (let direct?, let escaped?): "(\(direct) | \(escaped))"
        case (nil, let escaped?): "(\(escaped))"
        case (let direct, nil): direct
        }
    }

    /// What stands behind a backslash for characters that JSON does not write as they are.
    private static let shortEscapes: [Unicode.Scalar: Unicode.Scalar] = [
        "\"": "\"", "\\": "\\", "\n": "n", "\r": "r", "\t": "t", "\u{8}": "b", "\u{C}": "f",
    ]

    private static func character(_ scalar: Unicode.Scalar) -> String {
        if let escape = shortEscapes[scalar] { return "\\x5C" + inGrammar(escape.value) }
        guard ScalarSet.escapedInJSON.contains(scalar.value) else { return inGrammar(scalar.value) }
        return "\\x5Cu00" + hexadecimal(scalar.value, 2)
    }

    private static func written(_ range: ClosedRange<UInt32>) -> String {
        inGrammar(range.lowerBound) + (range.count > 1 ? "-" + inGrammar(range.upperBound) : "")
    }

    private static func inGrammar(_ value: UInt32) -> String {
        switch value {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: String(UnicodeScalar(UInt8(value)))
        case ...0xFF: "\\x" + hexadecimal(value, 2)
        case ...0xFFFF: "\\u" + hexadecimal(value, 4)
        default: "\\U" + hexadecimal(value, 8)
        }
    }

    private static func hexadecimal(_ value: UInt32, _ digits: Int) -> String {
        let text = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: digits - text.count) + text
    }
}
