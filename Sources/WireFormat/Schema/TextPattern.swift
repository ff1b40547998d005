/// A regular expression, as a grammar can hold text to it.
///
/// Read as ECMAScript's; what no grammar can express is refused: lookaround, back references, word boundaries, anchors
/// inside. Of a class, characters that JSON writes with a backslash are left out: what is generated matches all the same.
struct TextPattern {
    /// Why an expression can't be used.
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    /// The expression in the subset that llama.cpp turns into a grammar: letters and digits, classes, groups,
    /// alternatives and repetitions, between `^` and `$`.
    let grammarPattern: String

    /// - Parameters:
    ///   - source: The expression.
    ///   - isWhole: Whether all of the text has to match; otherwise a part of it, as in JSON Schema.
    /// - Throws: ``Fault`` where it is malformed, or asks for more than a grammar can do.
    init(_ source: String, isWhole: Bool = false) throws(Fault) {
        var reader = PatternReader(source)
        grammarPattern = "^\(try reader.read(isWhole: isWhole))$"
    }
}

/// Reads an expression, and writes it anew.
private struct PatternReader {
    private static let maximumRepetition = 1_000
    private static let maximumDepth = 50

    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var depth = 0

    init(_ source: String) { scalars = Array(source.unicodeScalars) }

    private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        position += 1
        return true
    }

    /// All of the expression; what is not anchored may stand anywhere.
    mutating func read(isWhole: Bool) throws(TextPattern.Fault) -> String {
        let anything = Self.written(ScalarSet([]).inverted.subtracting(.escapedInJSON)) + "*"
        var alternatives: [String] = []
        repeat {
            let begins = take("^") || isWhole
            var sequence = try readSequence()
            let ends = take("$") || isWhole
            if !begins { sequence = anything + sequence }
            if !ends { sequence += anything }
            alternatives.append(sequence)
        } while take("|")
        if let next { throw TextPattern.Fault(description: "there is a '\(next)' too many") }
        return alternatives.count == 1 ? alternatives[0] : "(\(alternatives.joined(separator: "|")))"
    }

    private mutating func readSequence() throws(TextPattern.Fault) -> String {
        var text = ""
        while let next, next != "|", next != ")", next != "$" {
            let atom = try readAtom()
            text += atom + (try readRepetition())
        }
        return text
    }

    private mutating func readAtom() throws(TextPattern.Fault) -> String {
        let scalar = scalars[position]
        position += 1
        switch scalar {
        case ".": return try Self.classText(ScalarSet.lineEnds.inverted)
        case "[": return try Self.classText(try readClass())
        case "(": return try readGroup()
        case "\\":
            switch try readEscape(inClass: false) {
            case .one(let scalar): return Self.literal(scalar)
            case .several(let set): return try Self.classText(set)
            }
        case "*", "+", "?", "{": throw TextPattern.Fault(description: "there is nothing to repeat before '\(scalar)'")
        case "^": throw TextPattern.Fault(description: "an anchor inside the pattern is not supported")
        default: return Self.literal(scalar)
        }
    }

    private mutating func readGroup() throws(TextPattern.Fault) -> String {
        depth += 1
        guard depth <= Self.maximumDepth else { throw TextPattern.Fault(description: "it is nested too deeply") }
        defer { depth -= 1 }
        if take("?") {
            if take("<"), let next, next != "=", next != "!" {
                while let next = self.next, next != ">" { position += next == ")" ? scalars.count : 1 }
                guard take(">") else { throw TextPattern.Fault(description: "a group's name has no end") }
            } else if !take(":") {
                throw TextPattern.Fault(description: "lookaround and flags are not supported")
            }
        }
        var alternatives: [String] = []
        repeat { alternatives.append(try readSequence()) } while take("|")
        guard take(")") else {
            throw TextPattern.Fault(
                description: next == nil
                    ? "a parenthesis is not closed" : "an anchor inside the pattern is not supported"
            )
        }
        return "(\(alternatives.joined(separator: "|")))"
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

    /// One character as it stands in JSON.
    private static func literal(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": String(scalar)
        // Behind a backslash, which the expression itself writes twice.
        case "\"": #"(\\")"#
        case "\\": #"(\\\\)"#
        case "\n": #"(\\n)"#
        case "\r": #"(\\r)"#
        case "\t": #"(\\t)"#
        case "\u{8}": #"(\\b)"#
        case "\u{C}": #"(\\f)"#
        case "\0"..."\u{1F}", "\u{7F}": #"(\\u00"# + hexadecimal(scalar.value, 2) + ")"
        default: written(ScalarSet([scalar.value...scalar.value]))
        }
    }

    private static func classText(_ set: ScalarSet) throws(TextPattern.Fault) -> String {
        let plain = set.subtracting(.escapedInJSON)
        guard !plain.ranges.isEmpty else {
            throw TextPattern.Fault(description: "a class has no character that JSON writes as it is")
        }
        return written(plain)
    }

    private static func written(_ set: ScalarSet) -> String {
        "[" + set.ranges.map { escaped($0.lowerBound) + ($0.count > 1 ? "-" + escaped($0.upperBound) : "") }.joined()
            + "]"
    }

    private static func escaped(_ value: UInt32) -> String {
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
