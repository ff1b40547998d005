import Foundation
import TestSupport
import Testing
import WireFormat

/// Grammars in Lark's words, from the request to the grammar that the tokens are held to.
@Suite("Lark grammars")
struct LarkTests {
    /// What Lark itself says of texts; Scripts/make-lark-cases.py asks it.
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let grammar: String
        let accepted: [String]
        let refused: [String]

        var testDescription: String { name }

        static let all: [Case] = {
            let path = "\(InstalledModels.root)/Tests/InferenceServerTests/Lark/cases.json"
            let data = FileManager.default.contents(atPath: path) ?? Data()
            return (try? JSONDecoder().decode([Case].self, from: data)) ?? []
        }()
    }

    @Test("there are cases")
    func cases() {
        #expect(Case.all.count >= 8 && Case.all.allSatisfy { !$0.accepted.isEmpty && !$0.refused.isEmpty })
    }

    @Test("a text is let through where Lark takes it, and nowhere else", arguments: Case.all)
    func sameAsLark(example: Case) throws {
        let held = try HeldAnswer(tool: example.grammar, syntax: "lark")
        for text in example.accepted { #expect(try held.accepts(input: text), "\(text.debugDescription)") }
        for text in example.refused { #expect(try !held.accepts(input: text), "\(text.debugDescription)") }
    }

    @Test("a regular expression as OpenAI's documentation has it")
    func expression() throws {
        let held = try HeldAnswer(
            tool:
                #"^(?P<month>January|February|August)\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?\s+(?P<year>\d{4})\s+at\s+(?P<hour>0?[1-9]|1[0-2])(?P<ampm>AM|PM)$"#,
            syntax: "regex"
        )
        #expect(try held.accepts(input: "August 7th 2025 at 10AM"))
        #expect(try held.accepts(input: "January  1 1999 at 1PM"))
        #expect(try !held.accepts(input: "August 7th 25 at 10AM"))
        #expect(try !held.accepts(input: "August 7th 2025 at 13AM "))
    }

    @Test(
        "what can't be followed is refused, with the line",
        arguments: [
            ("", "line 1: there is no rule 'start'"),
            ("start: x", "line 1: 'x' is not defined"),
            ("start: A\nA: b\nb: \"x\"", "line 2: a terminal can't be made of the rule 'b'"),
            ("start: a \"x\"\n\na: start | \"y\"", "is left-recursive by way of others"),
            ("start: [a] start \"x\" | \"y\"\na: \"z\"", "line 1: 'start' is left-recursive by way of others"),
            ("start: start \"x\"", "line 1: the rule 'start' has no beginning but itself"),
            ("start: A\nA: \"x\" A | \"y\"", "line 2: 'A' is made of itself"),
            ("start: /(?=x)y/", "line 1: /(?=x)y/: lookaround is not supported"),
            ("start: \"a\"\nb: /x/l", "line 2: the flag 'l'"),
            ("start: /(x/", "line 1: /(x/: a parenthesis is not closed"),
            ("start: _list{a, \",\"}\n_list{x, sep}: x (sep x)*", "line 1: templates"),
            ("start: A\n%declare A", "line 2: '%declare' is not supported"),
            ("start: A\n%import python.NAME -> A", "line 2: 'python' can't be imported"),
            ("start: A\n%import common.NAMES -> A", "line 2: 'common' has no terminal 'NAMES'"),
            ("start: \"a\"\nstart: \"b\"", "line 2: 'start' is defined twice"),
            ("start: \"a", "line 1: a string has no end"),
            ("start: /a", "line 1: a regular expression has no end"),
            ("start: (\"a\"", "line 1: a bracket is not closed"),
            ("start: \"a\" ~ 5..2", "line 1: a repetition is malformed"),
            ("start: \"a\" ~ 1000000", "line 1: a repetition is malformed"),
            ("start: \"z\"..\"a\"", "line 1: a range of characters is malformed"),
            ("start: \"a\" $", "line 1: there is a '$' too many"),
            ("start: \"a\" )", "line 1: the line goes on behind its end"),
            ("start \"a\"", "line 1: behind 'start', a ':' is missing"),
            ("start: " + String(repeating: "(", count: 200), "line 1: it is nested too deeply"),
        ]
    )
    func refused(grammar: String, reason: String) {
        let error = #expect(throws: APIError.self) { try HeldAnswer(tool: grammar, syntax: "lark") }
        #expect(error?.status == 400 && error?.param == "tools[0].custom.format.grammar.definition")
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test("the largest definition stays within bounds, however it repeats")
    func bounded() throws {
        let names = (0..<300).map { "r\($0): \"a\" ~ 0..1000 [r\(($0 + 1) % 300)]" }.joined(separator: "\n")
        let source = "start: \"x\" r0\n" + names
        #expect(source.utf8.count < 16_384)
        // Its elements are counted as the grammar is read: too many are no crash, and no wait.
        do {
            #expect(try HeldAnswer(tool: source, syntax: "lark").rules.utf8.count < 512 * 1024)
        } catch let error as APIError {
            #expect(error.status == 400)
        } catch is ExpectationFailedError {
            // The native side has refused it.
        }
    }
}
