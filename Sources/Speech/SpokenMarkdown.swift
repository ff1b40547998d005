/// What is said of a text in Markdown: its words, without the marks that people don't read aloud.
package enum SpokenMarkdown {
    /// A sentence or some, without marks of emphasis, code, headings, links and tables.
    package static func words(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(line).joined(separator: "\n")
    }

    private static func line(_ text: Substring) -> String {
        var rest = text.drop { $0 == " " }
        if rest.hasPrefix("```") || rest.hasPrefix("~~~") { return "" }
        let isHeading = rest.hasPrefix("#") && rest.drop { $0 == "#" }.first == " "
        if isHeading { rest = rest.drop { $0 == "#" } }
        while rest.hasPrefix("> ") { rest = rest.dropFirst(2) }
        // A line of a table's or a rule's marks.
        if rest.count > 2, rest.allSatisfy({ "-=*_|: ".contains($0) }) { return "" }
        if rest.hasPrefix("* ") || rest.hasPrefix("- ") || rest.hasPrefix("+ ") { rest = rest.dropFirst(2) }
        return unmarked(links(String(rest)))
    }

    /// `[words](address)` and `![words](address)` become their words.
    private static func links(_ text: String) -> String {
        text.replacing(#/!?\[([^\]\[]*)\]\([^()\s]*\)/#) { match in match.output.1 }
    }

    /// The text without `**`, `*`, `__`, `_`, `~~`, and backquotes around words; they stay between words and numbers.
    private static func unmarked(_ text: String) -> String {
        let characters = Array(text)
        var result = ""
        var index = 0
        while index < characters.count {
            let mark = characters[index]
            guard mark == "*" || mark == "_" || mark == "`" || mark == "~" else {
                result.append(mark)
                index += 1
                continue
            }
            var end = index
            while end < characters.count, characters[end] == mark { end += 1 }
            if !isEmphasis(mark, characters, index, end) { result += String(characters[index..<end]) }
            index = end
        }
        return result
    }

    /// Whether marks open or close something: they touch a word on one side, or a word and other marks.
    private static func isEmphasis(_ mark: Character, _ text: [Character], _ start: Int, _ end: Int) -> Bool {
        let count = end - start
        if mark == "`" { return true }
        if mark == "~", count != 2 { return false }
        let before = start > 0 && !text[start - 1].isWhitespace ? text[start - 1] : nil
        let after = end < text.count && !text[end].isWhitespace ? text[end] : nil
        switch (before, after) {
        // As in 2 * 3.
        case (nil, nil): return false
        // As in snake_case, which stays.
        case (let before?, let after?): return count > 1 || before.isPunctuation || after.isPunctuation
        default: return count <= 3
        }
    }
}
