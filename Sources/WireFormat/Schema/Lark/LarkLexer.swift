/// Cuts the text of a Lark grammar into what it is made of.
struct LarkLexer {
    enum Token: Equatable {
        case name(String)
        case directive(String)
        case text(String, ignoresCase: Bool)
        case pattern(String, TextPattern.Flags)
        case number(Int)
        case mark(String)
        case newline
    }

    struct Placed {
        let token: Token
        let line: Int
    }

    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var line = 1

    init(_ source: String) { scalars = Array(source.unicodeScalars) }

    private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private func fault(_ reason: String) -> LarkGrammar.Fault { LarkGrammar.Fault(line: line, reason: reason) }

    mutating func tokens() throws(LarkGrammar.Fault) -> [Placed] {
        var tokens: [Placed] = []
        while let scalar = next {
            let start = line
            guard let token = try token(scalar) else { continue }
            tokens.append(Placed(token: token, line: start))
        }
        return tokens
    }

    /// Reads what begins with a character; nil for what means nothing.
    private mutating func token(_ scalar: Unicode.Scalar) throws(LarkGrammar.Fault) -> Token? {
        switch scalar {
        case "\n":
            (position, line) = (position + 1, line + 1)
            return .newline
        case " ", "\t", "\r", "\u{C}", "\u{FEFF}":
            position += 1
            return nil
        case "#":
            skipLine()
            return nil
        case "/":
            if position + 1 < scalars.count, scalars[position + 1] == "/" {
                skipLine()
                return nil
            }
            return try pattern()
        case "\"": return try text()
        case "%":
            position += 1
            return .directive(word())
        case "0"..."9": return .number(Int(word().prefix(6)) ?? .max)
        case "a"..."z", "A"..."Z", "_": return .name(word())
        default: return try mark(scalar)
        }
    }

    private mutating func skipLine() {
        while let next, next != "\n" { position += 1 }
    }

    private mutating func word() -> String {
        var word = String.UnicodeScalarView()
        while let next,
            next == "_" || ("a"..."z").contains(next) || ("A"..."Z").contains(next) || ("0"..."9").contains(next)
        {
            word.append(next)
            position += 1
        }
        return String(word)
    }

    private mutating func mark(_ scalar: Unicode.Scalar) throws(LarkGrammar.Fault) -> Token {
        for mark in ["..", "->"] where scalars[position...].starts(with: mark.unicodeScalars) {
            position += 2
            return .mark(mark)
        }
        guard ":|()[]?*+~,.{}!-".unicodeScalars.contains(scalar) else {
            throw fault("there is a '\(scalar)' too many")
        }
        position += 1
        return .mark(String(scalar))
    }

    private mutating func pattern() throws(LarkGrammar.Fault) -> Token {
        var source = String.UnicodeScalarView()
        position += 1
        while let next, next != "/", next != "\n" {
            source.append(next)
            position += 1
            if next == "\\", let escaped = self.next, escaped != "\n" {
                source.append(escaped)
                position += 1
            }
        }
        guard next == "/" else { throw fault("a regular expression has no end") }
        position += 1
        var flags = TextPattern.Flags()
        while let next, ("a"..."z").contains(next) {
            switch next {
            case "i": flags.ignoresCase = true
            case "s": flags.dotIsAll = true
            case "m", "u": break
            default: throw fault("the flag '\(next)' of a regular expression is not supported")
            }
            position += 1
        }
        return .pattern(String(source), flags)
    }

    private mutating func text() throws(LarkGrammar.Fault) -> Token {
        var text = String.UnicodeScalarView()
        position += 1
        while let next, next != "\"", next != "\n" {
            position += 1
            if next == "\\" { text += try escape() } else { text.append(next) }
        }
        guard next == "\"" else { throw fault("a string has no end") }
        position += 1
        let ignoresCase = next == "i"
        if ignoresCase { position += 1 }
        return .text(String(text), ignoresCase: ignoresCase)
    }

    /// What a backslash means, which has been read; one before a character that needs none stands for itself.
    private mutating func escape() throws(LarkGrammar.Fault) -> [Unicode.Scalar] {
        guard let scalar = next, scalar != "\n" else { throw fault("a string has no end") }
        position += 1
        switch scalar {
        case "n": return ["\n"]
        case "r": return ["\r"]
        case "t": return ["\t"]
        case "f": return ["\u{C}"]
        case "v": return ["\u{B}"]
        case "b": return ["\u{8}"]
        case "\"", "\\": return [scalar]
        case "x": return [try hexadecimal(2)]
        case "u": return [try hexadecimal(4)]
        case "U": return [try hexadecimal(8)]
        default: return ["\\", scalar]
        }
    }

    private mutating func hexadecimal(_ count: Int) throws(LarkGrammar.Fault) -> Unicode.Scalar {
        let digits = String(String.UnicodeScalarView(scalars[position...].prefix(count)))
        position = min(position + count, scalars.count)
        guard digits.unicodeScalars.count == count, let value = UInt32(digits, radix: 16),
            let scalar = Unicode.Scalar(value)
        else { throw fault("a character's number is malformed") }
        return scalar
    }
}
