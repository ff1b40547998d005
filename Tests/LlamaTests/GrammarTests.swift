import CLlama
import CLlamaReference
import TestSupport
import Testing

@Suite("Grammars")
struct GrammarTests {
    static let json = #"""
        root   ::= object
        value  ::= object | array | string | number | ("true" | "false" | "null") ws
        object ::= "{" ws ( string ":" ws value ("," ws string ":" ws value)* )? "}" ws
        array  ::= "[" ws ( value ("," ws value)* )? "]" ws
        string ::= "\"" ( [^"\\\x7F\x00-\x1F] | "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4}) )* "\"" ws
        number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws
        ws ::= | " " | "\n" [ \t]{0,20}
        """#

    /// Grammars that llama.cpp and this one are to read alike.
    static let shared = [
        json,
        #"root ::= "yes" | "no""#,
        #"root ::= [a-z]+ (" " [a-z]+)* "." "#,
        #"root ::= ("a" | "ab" | "abc" [x-z]?){2,5} "!""#,
        "root ::= ([^a-zA-Z] | \"Hello\" .)* \"\\n\"",
        "root ::= item+ # a comment\nitem ::= \"- \" [^\\n]{1,12} \"\\n\"",
        #"root ::= [äöüß€日本]+ "\u00e9" [^\u0080-\U0010FFFF]*"#,
        "root ::= \"{\" [\\-\\]a]* \"}\" [] ",
        "root ::=\n  one |\n  two\none ::= \"1\" two?\ntwo ::= \"2\" one?",
        "root ::= \"ab\" | <[28]> <[29]>{0,6} <[30]> [a-z]{2}",
    ]

    @Test("the same tokens are allowed as by llama.cpp, all along random answers", arguments: shared.indices)
    func sameAsReference(index: Int) throws {
        let rules = Self.shared[index]
        let grammar = try NativeGrammar.make(rules).get()
        var random = SplitMix64(seed: UInt64(index))
        for _ in 0..<3 {
            let reference = try #require(ReferenceGrammar(rules))
            var tokens: [Int32] = []
            for _ in 0..<14 {
                let expected = reference.allowed()
                let allowed = try #require(grammar.allowed(after: tokens))
                for token in allowed.indices where allowed[token] != expected[token] {
                    // Control tokens are no text here, and half a character is never one that is none.
                    let id = Int32(token)
                    #expect(!allowed[token], "\(token) after \(tokens)")
                    #expect(
                        cl_token_is_control(RealLogits.vocabulary, id) || !Self.isUTF8(tokens + [id]),
                        "\(token) after \(tokens)"
                    )
                }
                let choices = allowed.indices.filter { allowed[$0] }.map(Int32.init)
                let open = choices.filter { !cl_token_is_end(RealLogits.vocabulary, $0) }
                guard let next = open.randomElement(using: &random) else {
                    #expect(!choices.isEmpty, "\(tokens)")
                    break
                }
                reference.accept(next)
                tokens.append(next)
            }
        }
    }

    /// Whether the tokens' bytes begin a text in UTF-8.
    static func isUTF8(_ tokens: [Int32]) -> Bool {
        var bytes: [UInt8] = []
        for token in tokens {
            var buffer = [CChar](repeating: 0, count: 256)
            var length = 0
            _ = cl_token_piece(RealLogits.vocabulary, token, true, &buffer, buffer.count, &length)
            bytes += buffer.prefix(length).map(UInt8.init(bitPattern:))
        }
        // The last character may be cut off.
        return (0..<4).contains { (missing: Int) in
            missing <= bytes.count && String(validating: bytes.dropLast(missing), as: UTF8.self) != nil
        }
    }

    @Test(
        "what is no grammar is refused, with the line",
        arguments: [
            ("root ::= \"a", "line 1"),
            ("root ::= \"a\"\nitem = \"b\"", "line 2"),
            ("root ::= item", "'item'"),
            ("start ::= \"a\"", "'root'"),
            ("", "'root'"),
            ("root ::= ( \"a\"", ") is missing"),
            ("root ::= \"a\" }", "line 1"),
            ("root ::= \"a\"{3,2}", "upper bound"),
            ("root ::= *", "before a repetition"),
            ("root ::= root \"a\"", "left-recursive"),
            ("root ::= item \"a\" | \"b\"\nitem ::= root", "left-recursive"),
            ("root ::= space root \"a\" | \"b\"\nspace ::= \" \"*", "left-recursive"),
            ("root ::= \"\\q\"", "escape"),
            ("root ::= \"\\u12\"", "hexadecimal"),
            ("root ::= <no such token>", "no token"),
            ("root ::= <[100000000]>", "no token"),
            (String(repeating: "(", count: 1000), "line 1"),
            ("root ::= " + String(repeating: "(", count: 100_000), "nested"),
            ("root ::= \"" + String(repeating: "a", count: 600_000) + "\"", "too long"),
            ("root ::= \"abcdefghij\"{1000000}", "too large"),
            ("root ::= (((\"a\"{500}){500}){500}){500} " + String(repeating: "[a]{2000} ", count: 1000), "too large"),
        ]
    )
    func refused(rules: String, reason: String) throws {
        guard case .failure(let refusal) = NativeGrammar.make(rules) else {
            Issue.record("it was taken for a grammar")
            return
        }
        #expect(refusal.status == .CL_INVALID_ARGUMENT)
        #expect(refusal.reason.contains(reason), "\(refusal.reason)")
    }

    @Test("what branches without end is refused, or ends the answer, in bounded work")
    func explosion() throws {
        // Two to the power of 40 ways to begin.
        let doubling = (0..<40).map { "a\($0) ::= a\($0 + 1) \"x\" | a\($0 + 1) \"y\"" }
        let rules = (["root ::= a0", "a40 ::= \"z\""] + doubling).joined(separator: "\n")
        guard case .failure(let refusal) = NativeGrammar.make(rules) else {
            Issue.record("it was taken for a grammar")
            return
        }
        #expect(refusal.status == .CL_INVALID_ARGUMENT && refusal.reason.contains("ambiguous"))
        // Twice as many with each letter.
        let slow = try NativeGrammar.make("root ::= \"a\" root \"b\" | \"a\" root \"c\" | \"\"").get()
        let letter = try #require(Self.token("a"))
        #expect(slow.allowed(after: Array(repeating: letter, count: 3)) != nil)
        #expect(slow.allowed(after: Array(repeating: letter, count: 60)) == nil)
    }

    @Test("what may be empty may be repeated, which llama.cpp refuses")
    func emptyRepetition() throws {
        let grammar = try NativeGrammar.make("root ::= (\"\" | \"x\"*)* \"y\"").get()
        let x = try #require(Self.token("x"))
        let y = try #require(Self.token("y"))
        let allowed = try #require(grammar.allowed(after: [x, x, x]))
        #expect(allowed[Int(x)] && allowed[Int(y)])
        #expect(grammar.allowed(after: [x, y])?[Int(x)] == false)
    }

    @Test("any token but one may come, parts of characters too, which llama.cpp refuses")
    func notToken() throws {
        let grammar = try NativeGrammar.make("root ::= !<[115]>* <[115]>").get()
        let allowed = try #require(grammar.allowed(after: [30, 200, 30]))
        #expect(allowed[115] && allowed[141] && allowed[2000])
        let ended = try #require(grammar.allowed(after: [30, 115]))
        #expect(ended.indices.allSatisfy { !ended[$0] || cl_token_is_end(RealLogits.vocabulary, Int32($0)) })
    }

    @Test("bounds of repetitions hold, large ones too")
    func counts() throws {
        let grammar = try NativeGrammar.make("root ::= \"a\"{2500,3000} \"b\"").get()
        let (first, second) = (try #require(Self.token("a")), try #require(Self.token("b")))
        func follows(_ token: Int32, _ count: Int) -> Bool? {
            grammar.allowed(after: Array(repeating: first, count: count))?[Int(token)]
        }
        #expect(follows(second, 2499) == false)
        #expect(follows(second, 2500) == true)
        #expect(follows(second, 3000) == true)
        #expect(follows(first, 2999) == true)
        #expect(follows(first, 3000) == false)
    }

    @Test("a long answer keeps within bounds, and the end comes where it may")
    func longAnswer() throws {
        let grammar = try NativeGrammar.make(Self.json).get()
        let vocabulary = try ["{\"", "a", "\":", "[", "],", "]", "}", "\"", "1", ","].map {
            try #require(Self.token($0))
        }
        let (open, letter, colon, list, _, close, end, quote, one, comma) = (
            vocabulary[0], vocabulary[1], vocabulary[2], vocabulary[3], vocabulary[4], vocabulary[5], vocabulary[6],
            vocabulary[7], vocabulary[8], vocabulary[9]
        )
        var tokens = [open] + Array(repeating: letter, count: 500) + [colon, list]
        for _ in 0..<2000 { tokens += [one, comma] }
        tokens += [quote, letter, quote, close, end]
        let allowed = try #require(grammar.allowed(after: tokens))
        let ends = allowed.indices.filter { cl_token_is_end(RealLogits.vocabulary, Int32($0)) }
        #expect(!ends.isEmpty && ends.allSatisfy { allowed[$0] })
        #expect(!allowed[Int(letter)])
    }

    static func token(_ text: String) -> Int32? {
        let token = cl_token_find(RealLogits.vocabulary, text, text.utf8.count)
        return token < 0 ? nil : token
    }
}
