/// Looks for what can't be followed in a grammar: names without a definition, terminals made of rules or of themselves,
/// rules that begin with themselves.
struct LarkCheck {
    typealias Expression = LarkGrammar.Expression
    typealias Fault = LarkGrammar.Fault

    let definitions: [String: LarkGrammar.Definition]
    let ignored: [Expression]

    func check() throws(Fault) {
        let names = definitions.keys.sorted()
        for name in names {
            guard let definition = definitions[name] else { continue }
            try checkNames(definition.body, ofTerminal: LarkGrammar.isTerminal(name) ? name : nil)
        }
        for expression in ignored { try checkNames(expression, ofTerminal: "%ignore") }
        let empty = emptyNames()
        for (isOfInterest, references, fault) in [
            (LarkGrammar.isTerminal, { Self.names(in: $0) }, "is made of itself, which terminals can't be"),
            ({ _ in true }, { firstNames(in: $0, empty: empty) }, "is left-recursive by way of others"),
        ] as [((String) -> Bool, (Expression) -> [String], String)] {
            var done: Set<String> = []
            for name in names where isOfInterest(name) {
                guard let circle = circle(from: name, done: &done, references: references) else { continue }
                let line = definitions[circle]?.line ?? 1
                throw Fault(line: line, reason: "'\(LarkReader.shown(circle))' \(fault)")
            }
        }
    }

    private func checkNames(_ expression: Expression, ofTerminal terminal: String?) throws(Fault) {
        switch expression {
        case .choice(let parts), .sequence(let parts):
            for part in parts { try checkNames(part, ofTerminal: terminal) }
        case .repetition(let inner, _, _): try checkNames(inner, ofTerminal: terminal)
        case .name(let name, let line):
            let shown = LarkReader.shown(name)
            guard definitions[name] != nil else { throw Fault(line: line, reason: "'\(shown)' is not defined") }
            guard terminal == nil || LarkGrammar.isTerminal(name) else {
                throw Fault(line: line, reason: "a terminal can't be made of the rule '\(shown)'")
            }
        case .text, .range, .pattern: break
        }
    }

    private static func names(in expression: Expression) -> [String] {
        switch expression {
        case .choice(let parts), .sequence(let parts): parts.flatMap(names)
        case .repetition(let inner, _, _): names(in: inner)
        case .name(let name, _): [name]
        case .text, .range, .pattern: []
        }
    }

    /// The names of what may stand for nothing.
    private func emptyNames() -> Set<String> {
        var empty: Set<String> = []
        while true {
            let more = definitions.filter { !empty.contains($0.key) && mayBeEmpty($0.value.body, empty: empty) }.keys
            if more.isEmpty { return empty }
            empty.formUnion(more)
        }
    }

    private func mayBeEmpty(_ expression: Expression, empty: Set<String>) -> Bool {
        switch expression {
        case .choice(let parts): parts.contains { mayBeEmpty($0, empty: empty) }
        case .sequence(let parts): parts.allSatisfy { mayBeEmpty($0, empty: empty) }
        case .repetition(let inner, let least, _): least == 0 || mayBeEmpty(inner, empty: empty)
        case .name(let name, _): empty.contains(name)
        case .text(let text, _): text.isEmpty
        // A pattern may be, too: no name comes before it, and what comes behind it is looked at all the same.
        case .pattern: true
        case .range: false
        }
    }

    /// The names that a text of the expression may begin with.
    private func firstNames(in expression: Expression, empty: Set<String>) -> [String] {
        switch expression {
        case .choice(let parts): return parts.flatMap { firstNames(in: $0, empty: empty) }
        case .sequence(let parts):
            var names: [String] = []
            for part in parts {
                names += firstNames(in: part, empty: empty)
                if !mayBeEmpty(part, empty: empty) { break }
            }
            return names
        case .repetition(let inner, _, _): return firstNames(in: inner, empty: empty)
        case .name(let name, _): return [name]
        case .text, .range, .pattern: return []
        }
    }

    /// A name from which references lead back to it; nil where there is none from here on.
    private func circle(from start: String, done: inout Set<String>, references: (Expression) -> [String]) -> String? {
        var path: Set<String> = [start]
        var open = [(name: start, rest: definitions[start].map { references($0.body) } ?? [])]
        while let (name, rest) = open.last {
            guard let next = rest.last else {
                done.insert(name)
                path.remove(name)
                open.removeLast()
                continue
            }
            open[open.count - 1].rest.removeLast()
            if path.contains(next) { return next }
            if done.contains(next) { continue }
            path.insert(next)
            open.append((next, definitions[next].map { references($0.body) } ?? []))
        }
        return nil
    }
}
