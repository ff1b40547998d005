import TestSupport
import Testing

@testable import Tokenizer

@Suite("Text from bytes")
struct UTF8AssemblerTests {
    @Test("a character comes out with its last byte")
    func completes() {
        var assembler = UTF8Assembler()
        #expect(assembler.append([0x61, 0xF0, 0x9F]) == "a")
        #expect(assembler.append([0x98]).isEmpty)
        #expect(assembler.append([0x80, 0x62]) == "😀b")
        #expect(assembler.finish().isEmpty)
    }

    @Test("a character that is left incomplete is replaced at the end, once")
    func incomplete() {
        var assembler = UTF8Assembler()
        #expect(assembler.append([0xE2, 0x82]).isEmpty)
        #expect(assembler.finish() == "\u{FFFD}")
        #expect(assembler.finish().isEmpty)
    }

    @Test(
        "what can't become a character is not held back",
        arguments: [[0x80], [0xC0], [0xC1], [0xF5], [0xFF], [0xE0, 0x80], [0xED, 0xA0], [0xF0, 0x8F], [0xF4, 0x90]]
            as [[UInt8]]
    )
    func impossible(bytes: [UInt8]) {
        var assembler = UTF8Assembler()
        #expect(assembler.append(bytes) == String(decoding: bytes, as: UTF8.self))
    }

    @Test("however bytes are cut, the text is the same", arguments: 0..<50)
    func property(seed: Int) {
        var generator = SplitMix64(seed: UInt64(seed))
        // Bytes at the borders of what is well-formed, and whole characters among them.
        let borders: [[UInt8]] = [
            [0x00], [0x7F], [0x80], [0x8F], [0x90], [0x9F], [0xA0], [0xBF], [0xC0], [0xC2], [0xDF], [0xE0], [0xE1],
            [0xED],
            [0xEF], [0xF0], [0xF1], [0xF4], [0xF5], [0xFF], Array("é".utf8), Array("€".utf8), Array("😀".utf8),
        ]
        for _ in 0..<300 {
            let count = Int.random(in: 0...12, using: &generator)
            let bytes = (0..<count).flatMap { _ in borders.randomElement(using: &generator) ?? [] }
            var assembler = UTF8Assembler()
            var text = ""
            for piece in bytes.randomPieces(longest: 3, using: &generator) { text += assembler.append(piece) }
            text += assembler.finish()
            #expect(Array(text.utf8) == Array(String(decoding: bytes, as: UTF8.self).utf8), "\(bytes)")
        }
    }

    @Test("a million characters in single bytes")
    func long() {
        let text = String(repeating: "añ€😀", count: 50_000)
        var assembler = UTF8Assembler()
        var result = ""
        for byte in text.utf8 { result += assembler.append(CollectionOfOne(byte)) }
        #expect(result == text)
    }
}
