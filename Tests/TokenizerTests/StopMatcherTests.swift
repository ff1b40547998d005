import TestSupport
import Testing
import Tokenizer

@Suite("Stop strings")
struct StopMatcherTests {
    /// What a matcher gives for a text in pieces: all that it emitted, and the stop string.
    private func run(_ stops: [String], over pieces: [String]) -> (text: String, matched: String?) {
        var matcher = StopMatcher(stops)
        var text = ""
        for piece in pieces { text += matcher.append(piece).emit }
        return (text + matcher.finish(), matcher.matched)
    }

    @Test(
        "a stop string ends the text wherever it is cut",
        arguments: [
            (["stop"], "hello stop world", "hello ", "stop"),
            (["\n"], "one\r\ntwo", "one\r", "\n"),
            (["e"], "cafe\u{301}", "caf", "e"),
            (["\u{301}"], "cafe\u{301}!", "cafe", "\u{301}"),
            (["🇩🇪"], "x🇫🇷🇩🇪", "x🇫🇷", "🇩🇪"),
            (["b", "abc"], "xabc", "xa", "b"),
            (["b", "ab"], "xab", "x", "ab"),
            (["aab"], "aaab", "a", "aab"),
            (["abab", "abb"], "ababab", "", "abab"),
            (["", "x"], "ax", "a", "x"),
        ]
    )
    func matches(stops: [String], text: String, emitted: String, matched: String) {
        for cut in text.unicodeScalars.indices {
            let result = run(stops, over: [String(text.unicodeScalars[..<cut]), String(text.unicodeScalars[cut...])])
            #expect(Array(result.text.utf8) == Array(emitted.utf8))
            #expect(result.matched == matched)
        }
    }

    @Test("without a match everything comes out", arguments: [[], [""], ["</s>", "stop"]] as [[String]])
    func noMatch(stops: [String]) {
        let result = run(stops, over: ["a sto", "", "rm </", "s", " <"])
        #expect(result.text == "a storm </s <")
        #expect(result.matched == nil)
    }

    @Test("text after a match is dropped")
    func dropsTheRest() {
        var matcher = StopMatcher(["x"])
        #expect(matcher.append("axb") == ("a", "x"))
        #expect(matcher.append("more") == ("", "x"))
        #expect(matcher.finish().isEmpty)
    }

    @Test("a matcher that has ended begins anew")
    func restarts() {
        var matcher = StopMatcher(["ab"])
        #expect(matcher.append("a").emit.isEmpty)
        #expect(matcher.finish() == "a")
        #expect(matcher.append("b") == ("b", nil))
    }

    @Test("random texts match as a naive search does", arguments: 0..<40)
    func property(seed: Int) {
        var generator = SplitMix64(seed: UInt64(seed))
        let alphabet: [Unicode.Scalar] = seed.isMultiple(of: 2) ? ["a", "b"] : ["e", "\u{301}", "\r", "\n", "🇩"]
        func word(_ lengths: ClosedRange<Int>) -> String {
            let count = Int.random(in: lengths, using: &generator)
            return String(
                String.UnicodeScalarView((0..<count).compactMap { _ in alphabet.randomElement(using: &generator) })
            )
        }
        for _ in 0..<200 {
            let stops = (0..<Int.random(in: 1...4, using: &generator)).map { _ in word(1...6) }
            let text = word(0...30)
            var matcher = StopMatcher(stops)
            var seen: [UInt8] = []
            var emitted: [UInt8] = []
            for piece in text.unicodeScalars.randomPieces(longest: 4, using: &generator) {
                seen += Array(String(piece).utf8)
                emitted += Array(matcher.append(String(piece)).emit.utf8)
                let expected = Self.naive(stops, seen)
                #expect(emitted == expected.emitted, "\(stops) \(text)")
                #expect(matcher.matched.map { Array($0.utf8) } == expected.matched, "\(stops) \(text)")
            }
            emitted += Array(matcher.finish().utf8)
            if matcher.matched == nil { #expect(emitted == seen) }
        }
    }

    @Test("a long text that almost matches takes linear time")
    func almost() {
        let stop = String(repeating: "a", count: 5000) + "b"
        let text = String(repeating: "a", count: 200_000)
        var matcher = StopMatcher([stop])
        #expect(matcher.append(text).emit.utf8.count == 195_000)
        #expect(matcher.append("b") == ("", stop))
    }

    /// By trying every end and every stop string.
    private static func naive(_ stops: [String], _ text: [UInt8]) -> (emitted: [UInt8], matched: [UInt8]?) {
        let stops = stops.map { Array($0.utf8) }.sorted { $0.count > $1.count }
        for end in 0...text.count {
            for stop in stops where text[..<end].suffix(stop.count).elementsEqual(stop) {
                return (Array(text[..<(end - stop.count)]), stop)
            }
        }
        let held = (0...text.count).last { length in
            stops.contains { $0.count > length && $0.prefix(length).elementsEqual(text.suffix(length)) }
        }
        return (text.dropLast(held ?? 0), nil)
    }
}
