import TestSupport
import Testing
import WireFormat

@Suite("JSON parsing")
struct JSONParsingTests {
    @Test(
        "every kind of value is read",
        arguments: [
            ("null", .null), ("true", true), ("false", false), (" 1 ", 1), ("1.0", 1.0), ("-0.5e2", -50.0),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            (#""""#, ""), ("[]", []), ("{}", [:]), (#"[1,[2],{"a":null}]"#, [1, [2], ["a": .null]]),
            (#""\u0000\n\/\"\\\ud83d\ude00é""#, "\0\n/\"\\😀é"), ("1e-999", 0.0),
        ] as [(String, JSONValue)]
    )
    func values(text: String, value: JSONValue) throws {
        #expect(try JSONValue.parse(text) == value)
    }

    @Test("members keep their order")
    func order() throws {
        let keys = (0..<1_000).map { "key \($0 &* 7919 % 1_000)" }
        let text = "{" + keys.map { "\"\($0)\":0" }.joined(separator: ",") + "}"
        guard case .object(let object) = try JSONValue.parse(text) else {
            Issue.record("not an object")
            return
        }
        #expect(object.members.map(\.key) == keys)
        #expect(object["key 0"] == 0)
        #expect(object["key"] == nil)
    }

    @Test(
        "faults are told with line and column",
        arguments: [
            ("", .empty, "The JSON text is empty."),
            (" \n\t\r", .empty, "The JSON text is empty."),
            ("[1,", .truncated, "The JSON text ends too early at line 1, column 3."),
            ("[\"abc", .truncated, "The JSON text ends too early at line 1, column 5."),
            ("\n\n[1,,2]", .syntax, "Invalid JSON (unexpected token near ',') at line 3, column 4."),
            ("[1] x", .trailingText, "Unexpected text behind the JSON value at line 1, column 5."),
            ("{}{}", .trailingText, "Unexpected text behind the JSON value at line 1, column 3."),
            (
                #"{"a":1,"a":2}"#, .duplicateKey,
                #"A key comes twice in an object (duplicate object key near '"a"') at line 1, column 10."#
            ),
            (
                #"{"a":{"b":1,"\u0062":2}}"#, .duplicateKey,
                #"A key comes twice in an object (duplicate object key near '"\u0062"') at line 1, column 20."#
            ),
            (#"{"a\u0000":1}"#, .nullInKey, "A key holds the character U+0000 at line 1, column 10."),
            (
                "[9223372036854775808]", .numberOutOfRange,
                "A number is out of range (too big integer near '9223372036854775808') at line 1, column 20."
            ),
            (
                "[1e999]", .numberOutOfRange,
                "A number is out of range (real number overflow near '1e999') at line 1, column 6."
            ),
            ("[1\0]", .syntax, "Invalid JSON (zero byte) at line 1, column 3."),
            ("[NaN]", .syntax, "Invalid JSON (invalid token near 'NaN') at line 1, column 4."),
            ("[Infinity]", .syntax, "Invalid JSON (invalid token near 'Infinity') at line 1, column 9."),
        ] as [(String, JSONError.Code, String)]
    )
    func faults(text: String, code: JSONError.Code, message: String) {
        let error = #expect(throws: JSONError.self) { try JSONValue.parse(text) }
        #expect(error?.code == code)
        #expect(error?.message == message)
    }

    @Test(
        "what only looks like JSON is refused",
        arguments: [
            "nul", "[01]", "[-]", "[1.]", "[.5]", "[+1]", "[1e]", "['a']", "{a:1}", "{\"a\"}", "[1 2]", "[1,]", "{,}",
            "]", "\"\\x\"",
            "\"\\u12\"", "\"a\nb\"", "\"\u{1}\"", "\u{FEFF}{}", "/* */ 1", "-Infinity", "0x10", "\"\\ud800\"",
            "\"\\udc00\"",
            "\"\\ud800\\u0041\"", "\"\\ude00\\ud800\"", "\0", "1\0", "[1\0]", "[1\0,2]", "\"\0\"",
        ]
    )
    func refused(text: String) {
        #expect(throws: JSONError.self) { try JSONValue.parse(text) }
    }

    @Test(
        "text that is not UTF-8 is refused",
        arguments: [
            [0xFF], [0x80], [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xF0, 0x80, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xC3],
            [0xE2, 0x82], [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80],
        ] as [[UInt8]]
    )
    func invalidUTF8(bytes: [UInt8]) {
        let quoted = [UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")]
        #expect(throws: JSONError.self) { try JSONValue.parse(quoted) }
        #expect(throws: JSONError.self) { try JSONValue.parse(Array("{\"a".utf8) + bytes + Array("\":1}".utf8)) }
        #expect(throws: JSONError.self) { try JSONValue.parse(bytes) }
    }

    @Test("a text cut anywhere is refused")
    func truncated() throws {
        let text = Array(#"{"a":[1,-2.5e3,"é\u00e9\\"],"b":{"c":null,"d":true}}"#.utf8)
        _ = try JSONValue.parse(text)
        for length in 0..<text.count {
            #expect(throws: JSONError.self) { try JSONValue.parse(Array(text.prefix(length))) }
        }
    }

    @Test("any byte put anywhere gives a value or an error")
    func mutated() throws {
        let text = Array(#"{"a":[1,-2.5e3,"é\u00e9\\"],"b":{"c":null}}"#.utf8)
        var generator = SplitMix64(seed: 1)
        var refused = 0
        for _ in 0..<5_000 {
            var bytes = text
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(
                    in: .min ... .max,
                    using: &generator
                )
            }
            do {
                let value = try JSONValue.parse(bytes)
                #expect(try JSONValue.parse(value.serialized) == value)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 1_000)
    }
}

@Suite("JSON limits")
struct JSONLimitsTests {
    @Test("depth is limited, and brackets in strings do not count")
    func depth() throws {
        let nested = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        _ = try JSONValue.parse(nested)
        let error = #expect(throws: JSONError.self) { try JSONValue.parse("[\n" + nested + "]") }
        #expect(error?.code == .tooDeep)
        #expect(error?.message == "The JSON is nested deeper than 64 levels at line 2, column 64.")
        let quoted = "[\"" + String(repeating: "[{\\\"", count: 100) + "\"]"
        _ = try JSONValue.parse(quoted)
    }

    @Test("brackets without end are refused before they are parsed")
    func endlessDepth() {
        let error = #expect(throws: JSONError.self) { try JSONValue.parse([UInt8](repeating: 0x5B, count: 1_000_000)) }
        #expect(error?.code == .tooDeep)
    }

    @Test(
        "the number of values is limited",
        arguments: ["[0,0,0,0]", #"{"a":0,"b":[0,0]}"#, "[[[[0]]]]", "[{},{},{}]"]
    )
    func values(text: String) throws {
        _ = try JSONValue.parse(text, limits: JSONLimits(maximumValues: 7))
        let error = #expect(throws: JSONError.self) {
            try JSONValue.parse(text, limits: JSONLimits(maximumValues: 4))
        }
        #expect(error?.code == .tooManyValues)
    }

    @Test("commas in strings are no values")
    func commas() throws {
        let text = #"[",,,,,,\",,,,\\",0]"#
        #expect(try JSONValue.parse(text, limits: JSONLimits(maximumValues: 3)) == [",,,,,,\",,,,\\", 0])
    }

    @Test("a huge array is refused by the default limit")
    func hugeArray() {
        let text = [UInt8](repeating: UInt8(ascii: "["), count: 1) + (0..<4_200_000).map { $0 % 2 == 0 ? 0x30 : 0x2C }
        let error = #expect(throws: JSONError.self) { try JSONValue.parse(text) }
        #expect(error?.message == "The JSON holds more than 2000000 values at line 1, column 3999999.")
    }

    @Test("a backslash at the very end is no trap", arguments: ["\"\\", "[\"a\\", "\\"])
    func trailingBackslash(text: String) {
        #expect(throws: JSONError.self) { try JSONValue.parse(text) }
    }
}
