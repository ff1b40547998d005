/// Reads the definitions of a Lark grammar.
struct LarkReader {
    typealias Expression = LarkGrammar.Expression
    typealias Fault = LarkGrammar.Fault

    private static let maximumDepth = 50
    private static let maximumRepetition = 1_000
    /// What begins the names of terminals that imported ones are made of; no grammar's own name does.
    private static let imported = "__COMMON_"

    private(set) var definitions: [String: LarkGrammar.Definition] = [:]
    private(set) var ignored: [Expression] = []

    private let source: String
    private var tokens: [LarkLexer.Placed] = []
    private var position = 0
    private var depth = 0

    init(_ source: String) { self.source = source }

    /// A name as the grammar has it.
    static func shown(_ name: String) -> String {
        name.hasPrefix(imported) ? "common." + name.dropFirst(imported.count) : name
    }

    mutating func read() throws(Fault) {
        var lexer = LarkLexer(source)
        tokens = Self.joined(try lexer.tokens())
        while let placed = next {
            switch placed.token {
            case .newline: position += 1
            case .directive(let name): try readDirective(name)
            default: try readDefinition()
            }
        }
    }

    /// Without the line ends at which a definition goes on: before `|`, behind `:` and `|`, and within brackets.
    private static func joined(_ tokens: [LarkLexer.Placed]) -> [LarkLexer.Placed] {
        var (result, depth): ([LarkLexer.Placed], Int) = ([], 0)
        for (index, placed) in tokens.enumerated() {
            switch placed.token {
            case .mark("("), .mark("["): depth += 1
            case .mark(")"), .mark("]"): depth -= 1
            case .newline:
                let following = tokens[index...].first { $0.token != .newline }?.token
                let before = result.last?.token
                if depth > 0 || [.mark("|"), .mark("->")].contains(following)
                    || [.mark("|"), .mark(":")].contains(before)
                {
                    continue
                }
            default: break
            }
            result.append(placed)
        }
        return result
    }

    private var next: LarkLexer.Placed? { position < tokens.count ? tokens[position] : nil }
    private var line: Int { next?.line ?? tokens.last?.line ?? 1 }

    private func fault(_ reason: String) -> Fault { Fault(line: line, reason: reason) }

    private mutating func take(_ mark: String) -> Bool {
        guard next?.token == .mark(mark) else { return false }
        position += 1
        return true
    }

    private mutating func name() throws(Fault) -> String {
        guard case .name(let name)? = next?.token else { throw fault("a name is missing") }
        position += 1
        return name
    }

    private mutating func number() throws(Fault) -> Int {
        guard case .number(let number)? = next?.token else { throw fault("a number is missing") }
        position += 1
        return number
    }

    private mutating func endLine() throws(Fault) {
        guard let next else { return }
        guard next.token == .newline else { throw fault("the line goes on behind its end") }
        position += 1
    }

    // MARK: statements

    private mutating func readDirective(_ directive: String) throws(Fault) {
        position += 1
        switch directive {
        case "ignore": ignored.append(try readChoice())
        case "import": try readImport()
        default: throw fault("'%\(directive)' is not supported")
        }
        try endLine()
    }

    /// `common.NAME`, perhaps with a name of its own, or `common (NAME, …)`.
    private mutating func readImport() throws(Fault) {
        guard !take(".") else { throw fault("only terminals of 'common' can be imported") }
        let module = try name()
        guard module == "common" else { throw fault("'\(module)' can't be imported: only terminals of 'common' can") }
        if take("(") {
            repeat {
                let terminal = try name()
                try define(terminal, .name(try common(terminal), line: line))
            } while take(",")
            guard take(")") else { throw fault("a parenthesis is not closed") }
            return
        }
        guard take(".") else { throw fault("there is no terminal to import") }
        let terminal = try name()
        let source = try common(terminal)
        try define(take("->") ? try name() : terminal, .name(source, line: line))
    }

    /// The name of a terminal of `common`, which is defined from now on.
    private mutating func common(_ terminal: String) throws(Fault) -> String {
        guard let source = LarkCommon.terminals[terminal] else { throw fault("'common' has no terminal '\(terminal)'") }
        let name = Self.imported + terminal
        guard definitions[name] == nil else { return name }
        var reader = LarkReader("\(terminal): \(source)")
        try reader.read()
        guard let body = reader.definitions[terminal]?.body else {
            throw fault("'common' has no terminal '\(terminal)'")
        }
        definitions[name] = LarkGrammar.Definition(line: line, body: .sequence([]))
        let imported = try importing(body)
        definitions[name]?.body = imported
        return name
    }

    private mutating func importing(_ expression: Expression) throws(Fault) -> Expression {
        switch expression {
        case .choice(let parts): return .choice(try importing(parts))
        case .sequence(let parts): return .sequence(try importing(parts))
        case .repetition(let inner, let least, let most):
            return .repetition(try importing(inner), least: least, most: most)
        case .name(let name, let line): return .name(try common(name), line: line)
        case .text, .range, .pattern: return expression
        }
    }

    private mutating func importing(_ parts: [Expression]) throws(Fault) -> [Expression] {
        var result: [Expression] = []
        for part in parts { result.append(try importing(part)) }
        return result
    }

    private mutating func readDefinition() throws(Fault) {
        while take("!") || take("?") {}
        let start = line
        let name = try name()
        guard name.contains(where: { $0 != "_" }), !name.hasPrefix("__") else { throw fault("a name is malformed") }
        if case .mark("{")? = next?.token { throw fault("templates such as '\(name)' are not supported") }
        if take(".") {
            _ = take("-")
            _ = try number()
        }
        guard take(":") else { throw fault("behind '\(name)', a ':' is missing") }
        let body = try readChoice()
        try define(name, body, line: start)
        try endLine()
    }

    private mutating func define(_ name: String, _ body: Expression, line: Int? = nil) throws(Fault) {
        guard definitions[name] == nil else { throw fault("'\(name)' is defined twice") }
        definitions[name] = LarkGrammar.Definition(line: line ?? self.line, body: body)
    }

    // MARK: expressions

    private mutating func readChoice() throws(Fault) -> Expression {
        depth += 1
        guard depth <= Self.maximumDepth else { throw fault("it is nested too deeply") }
        defer { depth -= 1 }
        var alternatives: [Expression] = []
        repeat {
            alternatives.append(try readSequence())
            if take("->") { _ = try name() }
        } while take("|")
        return alternatives.count == 1 ? alternatives[0] : .choice(alternatives)
    }

    private mutating func readSequence() throws(Fault) -> Expression {
        var parts: [Expression] = []
        while let atom = try readAtom() { parts.append(try readRepetition(of: atom)) }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func readAtom() throws(Fault) -> Expression? {
        guard let placed = next else { return nil }
        switch placed.token {
        case .mark("("), .mark("["):
            position += 1
            let isOptional = placed.token == .mark("[")
            let inner = try readChoice()
            guard take(isOptional ? "]" : ")") else { throw fault("a bracket is not closed") }
            return isOptional ? .repetition(inner, least: 0, most: 1) : inner
        case .name(let name):
            position += 1
            if case .mark("{")? = next?.token { throw fault("templates such as '\(name)' are not supported") }
            return .name(name, line: placed.line)
        case .text(let text, let ignoresCase):
            position += 1
            guard take("..") else { return .text(text, ignoresCase: ignoresCase) }
            guard case .text(let last, _)? = next?.token, let first = text.unicodeScalars.first,
                let last = last.unicodeScalars.first, text.unicodeScalars.count == 1, first <= last
            else { throw fault("a range of characters is malformed") }
            position += 1
            return .range(first, last)
        case .pattern(let source, let flags):
            position += 1
            do throws(TextPattern.Fault) {
                return .pattern(try TextPattern(source, isWhole: true, flags: flags))
            } catch {
                throw Fault(line: placed.line, reason: "/\(source.clipped())/: \(error.description)")
            }
        default: return nil
        }
    }

    private mutating func readRepetition(of atom: Expression) throws(Fault) -> Expression {
        if take("?") { return .repetition(atom, least: 0, most: 1) }
        if take("*") { return .repetition(atom, least: 0, most: nil) }
        if take("+") { return .repetition(atom, least: 1, most: nil) }
        guard take("~") else { return atom }
        let least = try number()
        let most = take("..") ? try number() : least
        guard least <= most, most <= Self.maximumRepetition else {
            throw fault("a repetition is malformed, or more than \(Self.maximumRepetition)")
        }
        return .repetition(atom, least: least, most: most)
    }
}
