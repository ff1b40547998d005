/// A regular expression, as a grammar holds text to it that stands in a JSON string.
///
/// Read as ECMAScript's, with Python's named groups and flags besides; what no grammar can express is refused: lookaround,
/// back references, word boundaries, anchors inside.
struct TextPattern {
    /// Why an expression can't be used.
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    /// What an expression's flags change.
    struct Flags: Equatable {
        /// ASCII letters stand for both their cases; of others, those that are written as such.
        var ignoresCase = false
        /// The dot stands for line ends too.
        var dotIsAll = false
    }

    /// GBNF of the texts that match, as JSON writes them between quotes.
    let expression: String

    /// GBNF of the JSON strings that match.
    var grammar: String { GrammarText.quoted(expression) }

    /// - Parameters:
    ///   - source: The expression.
    ///   - isWhole: Whether all of the text has to match; otherwise a part of it, as in JSON Schema.
    ///   - flags: What holds from the beginning.
    /// - Throws: ``Fault`` where it is malformed, or asks for more than a grammar can do.
    init(_ source: String, isWhole: Bool = false, flags: Flags = Flags()) throws(Fault) {
        var reader = PatternReader(source, flags: flags)
        expression = try reader.read(isWhole: isWhole)
    }
}

/// Reads an expression, and writes it as GBNF.
private struct PatternReader {
    private static let maximumRepetition = 1_000
    private static let maximumDepth = 50

    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var depth = 0
    private var flags: TextPattern.Flags

    init(_ source: String, flags: TextPattern.Flags) {
        scalars = Array(source.unicodeScalars)
        self.flags = flags
    }

    private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        position += 1
        return true
    }

    /// All of the expression; what is not anchored may stand anywhere.
    mutating func read(isWhole: Bool) throws(TextPattern.Fault) -> String {
        try readLeadingFlags()
        let anything = Self.anyCharacter + "*"
        var alternatives: [String] = []
        repeat {
            let begins = take("^") || isWhole
            var sequence = try readSequence()
            let ends = take("$") || isWhole
            if !begins { sequence = anything + " " + sequence }
            if !ends { sequence += " " + anything }
            alternatives.append(sequence)
        } while take("|")
        if let next { throw TextPattern.Fault(description: "there is a '\(next)' too many") }
        return alternatives.count == 1 ? alternatives[0] : "(\(alternatives.joined(separator: " | ")))"
    }

    private static let anyCharacter = GrammarText.set(ScalarSet([]).inverted) ?? "[]"

    /// Flags for all of it, as in `(?i)`.
    private mutating func readLeadingFlags() throws(TextPattern.Fault) {
        guard scalars.starts(with: "(?".unicodeScalars), scalars.count > 2, ("a"..."z").contains(scalars[2]) else {
            return
        }
        let start = position
        position = 2
        let inner = try readFlags()
        guard take(")") else {
            position = start
            return
        }
        flags = inner
    }

    /// Flags that go on from those in force, up to what is none.
    private mutating func readFlags() throws(TextPattern.Fault) -> TextPattern.Flags {
        var (inner, isOn) = (flags, true)
        while let next, next == "-" || ("a"..."z").contains(next) {
            position += 1
            switch next {
            case "-": isOn = false
            case "i": inner.ignoresCase = isOn
            case "s": inner.dotIsAll = isOn
            // Anchors inside are refused, and classes are ASCII's anyway.
            case "m", "u", "a": break
            default: throw TextPattern.Fault(description: "the flag '\(next)' is not supported")
            }
        }
        return inner
    }

    private mutating func readSequence() throws(TextPattern.Fault) -> String {
        var parts: [String] = []
        while let next, next != "|", next != ")", next != "$" {
            let atom = try readAtom()
            parts.append(atom + (try readRepetition()))
        }
        return parts.isEmpty ? "\"\"" : parts.joined(separator: " ")
    }

    private mutating func readAtom() throws(TextPattern.Fault) -> String {
        let scalar = scalars[position]
        position += 1
        switch scalar {
        case ".": return try text(of: flags.dotIsAll ? ScalarSet([]).inverted : ScalarSet.lineEnds.inverted)
        case "[": return try text(of: try readClass())
        case "(": return try readGroup()
        case "\\":
            switch try readEscape(inClass: false) {
            case .one(let scalar): return try literal(scalar)
            case .several(let set): return try text(of: set)
            }
        case "*", "+", "?", "{": throw TextPattern.Fault(description: "there is nothing to repeat before '\(scalar)'")
        case "^": throw TextPattern.Fault(description: "an anchor inside the pattern is not supported")
        default: return try literal(scalar)
        }
    }

    private mutating func readGroup() throws(TextPattern.Fault) -> String {
        depth += 1
        guard depth <= Self.maximumDepth else { throw TextPattern.Fault(description: "it is nested too deeply") }
        let outer = flags
        defer {
            depth -= 1
            flags = outer
        }
        if take("?") { try readGroupKind() }
        var alternatives: [String] = []
        repeat { alternatives.append(try readSequence()) } while take("|")
        guard take(")") else {
            throw TextPattern.Fault(
                description: next == nil
                    ? "a parenthesis is not closed" : "an anchor inside the pattern is not supported"
            )
        }
        return "(\(alternatives.joined(separator: " | ")))"
    }

    /// What stands behind `(?`: a name, flags, or nothing.
    private mutating func readGroupKind() throws(TextPattern.Fault) {
        let isPython = next == "P" && position + 1 < scalars.count && scalars[position + 1] == "<"
        if isPython { position += 1 }
        if take("<"), let next, next != "=", next != "!" {
            while let next = self.next, next != ">" { position += next == ")" ? scalars.count : 1 }
            guard take(">") else { throw TextPattern.Fault(description: "a group's name has no end") }
            return
        }
        if let next, next == "-" || ("a"..."z").contains(next) { flags = try readFlags() }
        guard take(":") else { throw TextPattern.Fault(description: "lookaround is not supported") }
    }

    /// What stands behind an atom; empty where it stands once.
    private mutating func readRepetition() throws(TextPattern.Fault) -> String {
        var text = ""
        if let next, "*+?".unicodeScalars.contains(next) {
            position += 1
            text = String(next)
        } else if take("{") {
            let least = readNumber()
            let most = take(",") ? readNumber() ?? .max : least
            guard let least, let most, take("}"), least <= most else {
                throw TextPattern.Fault(description: "a repetition is malformed")
            }
            guard least <= Self.maximumRepetition, most == .max || most <= Self.maximumRepetition else {
                throw TextPattern.Fault(
                    description: "more than \(Self.maximumRepetition) repetitions are not supported"
                )
            }
            text = most == .max ? "{\(least),}" : "{\(least),\(most)}"
        }
        // A lazy repetition matches the same texts.
        if !text.isEmpty { _ = take("?") }
        if let next, "*+?{".unicodeScalars.contains(next), !text.isEmpty {
            throw TextPattern.Fault(description: "there is nothing to repeat before '\(next)'")
        }
        return text
    }

    private mutating func readNumber() -> Int? {
        var digits = ""
        while let next, ("0"..."9").contains(next), digits.count < 6 {
            digits.unicodeScalars.append(next)
            position += 1
        }
        return Int(digits)
    }

    private mutating func readClass() throws(TextPattern.Fault) -> ScalarSet {
        let isInverted = take("^")
        var set = ScalarSet([])
        while let scalar = next, scalar != "]" {
            position += 1
            let first = try readMember(scalar)
            guard case .one(let lower) = first, next == "-", position + 1 < scalars.count, scalars[position + 1] != "]"
            else {
                switch first {
                case .one(let scalar): set = set.union(ScalarSet([scalar.value...scalar.value]))
                case .several(let several): set = set.union(several)
                }
                continue
            }
            position += 1
            let end = scalars[position]
            position += 1
            guard case .one(let upper) = try readMember(end), lower <= upper else {
                throw TextPattern.Fault(description: "a range of a class is malformed")
            }
            set = set.union(ScalarSet([lower.value...upper.value]))
        }
        guard take("]") else { throw TextPattern.Fault(description: "a class is not closed") }
        if flags.ignoresCase { set = set.withBothCases }
        return isInverted ? set.inverted : set
    }

    /// What a character of a class means, which has been read.
    private mutating func readMember(_ scalar: Unicode.Scalar) throws(TextPattern.Fault) -> Escaped {
        guard scalar == "\\" else { return .one(scalar) }
        return try readEscape(inClass: true)
    }

    private enum Escaped {
        case one(Unicode.Scalar)
        case several(ScalarSet)
    }

    /// What a backslash means, which has been read.
    private mutating func readEscape(inClass: Bool) throws(TextPattern.Fault) -> Escaped {
        guard let scalar = next else { throw TextPattern.Fault(description: "it ends with a backslash") }
        position += 1
        switch scalar {
        case "d": return .several(.digits)
        case "D": return .several(ScalarSet.digits.inverted)
        case "w": return .several(.wordCharacters)
        case "W": return .several(ScalarSet.wordCharacters.inverted)
        case "s": return .several(.spaces)
        case "S": return .several(ScalarSet.spaces.inverted)
        case "n": return .one("\n")
        case "r": return .one("\r")
        case "t": return .one("\t")
        case "f": return .one("\u{C}")
        case "v": return .one("\u{B}")
        case "b" where inClass: return .one("\u{8}")
        case "x": return .one(try readHexadecimal(2))
        case "u": return .one(try readHexadecimal(4))
        case "a"..."z", "A"..."Z", "0"..."9":
            throw TextPattern.Fault(description: "'\\\(scalar)' is not supported")
        default: return .one(scalar)
        }
    }

    private mutating func readHexadecimal(_ count: Int) throws(TextPattern.Fault) -> Unicode.Scalar {
        let digits = String(String.UnicodeScalarView(scalars[position...].prefix(count)))
        position = min(position + count, scalars.count)
        guard digits.unicodeScalars.count == count, let value = UInt32(digits, radix: 16),
            let scalar = Unicode.Scalar(value)
        else { throw TextPattern.Fault(description: "a character's number is malformed") }
        return scalar
    }

    private func literal(_ scalar: Unicode.Scalar) throws(TextPattern.Fault) -> String {
        let cases = flags.ignoresCase ? ScalarSet.cases(of: scalar) : nil
        return try cases.map { set throws(TextPattern.Fault) in try text(of: set) } ?? GrammarText.literal([scalar])
    }

    private func text(of set: ScalarSet) throws(TextPattern.Fault) -> String {
        guard let text = GrammarText.set(set) else {
            throw TextPattern.Fault(description: "a class has no character")
        }
        return text
    }
}
