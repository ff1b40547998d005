/// A grammar as Lark reads it (lark-parser's EBNF), as GBNF of the texts that it describes, within JSON.
///
/// Rules and terminals, imports of `common`, ignored terminals and rules that begin with themselves work. What a text is
/// made of is what counts here, not the tree: aliases, priorities and what marks a rule as inlined or kept are passed over,
/// and a text belongs to the grammar where any way of cutting it into terminals does (in Lark's words: Earley, dynamic,
/// complete). Refused are templates, `%declare`, `%override` and `%extend`, other modules, what regular expressions can't
/// say here (``TextPattern``), and rules that begin with themselves by way of others.
struct LarkGrammar {
    /// What is wrong with a grammar, and where.
    struct Fault: Error, CustomStringConvertible {
        let line: Int
        let reason: String

        var description: String { "line \(line): \(reason)" }
    }

    /// What a rule or terminal is made of.
    indirect enum Expression {
        case choice([Expression])
        case sequence([Expression])
        case repetition(Expression, least: Int, most: Int?)
        case name(String, line: Int)
        case text(String, ignoresCase: Bool)
        case range(Unicode.Scalar, Unicode.Scalar)
        case pattern(TextPattern)
    }

    struct Definition {
        let line: Int
        var body: Expression
    }

    /// What a schema takes under ``JSONSchema/grammarKey``, for a string of the grammar.
    private(set) var grammar = ""

    private let definitions: [String: Definition]
    private let ignored: [Expression]
    /// What begins the names of its rules, which no other grammar of a request has.
    private let prefix: String

    /// - Parameter source: The grammar, which begins with its rule `start`.
    /// - Throws: ``Fault`` where it is malformed, or holds what can't be followed here.
    init(_ source: String) throws(Fault) {
        var reader = LarkReader(source)
        try reader.read()
        var definitions = reader.definitions
        guard definitions["start"] != nil else { throw Fault(line: 1, reason: "there is no rule 'start'") }
        for (name, definition) in definitions where !Self.isTerminal(name) {
            definitions[name]?.body = try Self.withoutLeftRecursion(definition, of: name)
        }
        let ignored = reader.ignored
        try LarkCheck(definitions: definitions, ignored: ignored).check()

        (self.definitions, self.ignored) = (definitions, ignored)
        // FNV-1a (Fowler, Noll, Vo).
        let hash = source.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        prefix = "@lark\(String(hash, radix: 36))-"
        grammar = written()
    }

    /// Whether a name is a terminal's rather than a rule's.
    static func isTerminal(_ name: String) -> Bool { name.unicodeScalars.first { $0 != "_" }.map { $0 < "a" } ?? false }

    /// The same texts, where a rule's alternatives begin with the rule itself: what comes behind it repeats.
    private static func withoutLeftRecursion(_ definition: Definition, of name: String) throws(Fault) -> Expression {
        var (first, behind): ([Expression], [Expression]) = ([], [])
        for alternative in alternatives(definition.body) {
            let parts = if case .sequence(let parts) = alternative { parts } else { [alternative] }
            if case .name(name, _)? = parts.first {
                if parts.count > 1 { behind.append(.sequence(Array(parts.dropFirst()))) }
            } else {
                first.append(alternative)
            }
        }
        guard !first.isEmpty else {
            throw Fault(line: definition.line, reason: "the rule '\(name)' has no beginning but itself")
        }
        return behind.isEmpty
            ? .choice(first) : .sequence([.choice(first), .repetition(.choice(behind), least: 0, most: nil)])
    }

    private static func alternatives(_ expression: Expression) -> [Expression] {
        switch expression {
        case .choice(let alternatives): alternatives.flatMap(Self.alternatives)
        case .sequence(let parts) where parts.count == 1: alternatives(parts[0])
        default: [expression]
        }
    }

    // MARK: writing

    private func written() -> String {
        let start = ignored.isEmpty ? ruleName("start") : "\(prefix)0 \(ruleName("start"))"
        var lines = [GrammarText.quoted(start)]
        if !ignored.isEmpty {
            let choices = ignored.map { text($0, inRule: false) }
            lines.append("\(prefix)0 ::= (\(choices.joined(separator: " | ")))*")
        }
        for (name, definition) in definitions.sorted(by: { $0.key < $1.key }) {
            lines.append("\(ruleName(name)) ::= \(text(definition.body, inRule: !Self.isTerminal(name)))")
        }
        return lines.joined(separator: "\n")
    }

    private func ruleName(_ name: String) -> String { prefix + name.replacing("_", with: "-") }

    /// GBNF of an expression.
    ///
    /// In rules, what is ignored may stand behind each terminal.
    private func text(_ expression: Expression, inRule: Bool) -> String {
        switch expression {
        case .choice(let alternatives):
            let texts = alternatives.map { text($0, inRule: inRule) }
            return texts.count == 1 ? texts[0] : "(\(texts.joined(separator: " | ")))"
        case .sequence(let parts):
            return parts.isEmpty ? "\"\"" : parts.map { text($0, inRule: inRule) }.joined(separator: " ")
        case .repetition(let inner, let least, let most):
            return "(\(text(inner, inRule: inRule)))\(Self.count(least, most))"
        case .name(let name, _):
            return Self.isTerminal(name) ? terminal(ruleName(name), inRule: inRule) : ruleName(name)
        case .text(let literal, let ignoresCase):
            return terminal(Self.literal(literal, ignoresCase: ignoresCase), inRule: inRule)
        case .range(let first, let last):
            return terminal(GrammarText.set(ScalarSet([first.value...last.value])) ?? "[]", inRule: inRule)
        case .pattern(let pattern): return terminal(pattern.expression, inRule: inRule)
        }
    }

    private func terminal(_ text: String, inRule: Bool) -> String {
        inRule && !ignored.isEmpty ? "(\(text)) \(prefix)0" : "(\(text))"
    }

    private static func literal(_ text: String, ignoresCase: Bool) -> String {
        guard ignoresCase else { return GrammarText.literal(text.unicodeScalars) }
        let parts = text.unicodeScalars.map { scalar in
            ScalarSet.cases(of: scalar).flatMap(GrammarText.set) ?? GrammarText.literal([scalar])
        }
        return parts.isEmpty ? "\"\"" : parts.joined(separator: " ")
    }

    private static func count(_ least: Int, _ most: Int?) -> String {
        switch (least, most) {
        case (0, 1): "?"
        case (0, nil): "*"
        case (1, nil): "+"
        case (_, let most): "{\(least),\(most.map(String.init) ?? "")}"
        }
    }
}
