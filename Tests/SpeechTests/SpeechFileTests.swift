#if FFmpeg
import Media
import Speech
import Testing

@Suite("Files of speech")
struct SpeechFileTests {
    private static let rate = 22_050

    /// A tone between silences, in seconds.
    private func piece(_ before: Double, _ sound: Double, _ after: Double) -> [Int16] {
        let silence = { (seconds: Double) in [Int16](repeating: 3, count: Int(seconds * Double(Self.rate))) }
        let tone = (0..<Int(sound * Double(Self.rate))).map { Int16($0 / 50 % 2 == 0 ? 6000 : -6000) }
        return silence(before) + tone + silence(after)
    }

    private func spoken(_ pieces: [(sound: [Int16], pause: Duration)], speed: Double = 1, parts: Int = 900) throws
        -> [Int16]
    {
        var file = try SpeechFile(.pcm, sampleRate: Self.rate, speed: speed)
        var bytes: [UInt8] = []
        for piece in pieces {
            for start in stride(from: 0, to: piece.sound.count, by: parts) {
                bytes += try file.add(Array(piece.sound[start..<min(start + parts, piece.sound.count)]))
            }
            bytes += try file.endPiece(pause: piece.pause)
        }
        bytes += try file.finish()
        bytes += try file.close()
        return stride(from: 0, to: bytes.count - 1, by: 2).map {
            Int16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8)
        }
    }

    @Test("silence around pieces goes, the one asked for comes between them", arguments: [100, 900, 100_000])
    func joints(_ parts: Int) throws {
        let piece = piece(0.4, 1, 0.7)
        let result = try spoken([(piece, .milliseconds(300)), (piece, .milliseconds(300))], parts: parts)
        // Two sounds, a pause, and 10 ms at each of their four ends.
        #expect(abs(Double(result.count) / 24_000 - 2.34) < 0.01)
        let silent = result.split { abs(Int($0)) > 1000 }.map(\.count).max() ?? 0
        #expect(abs(Double(silent) / 24_000 - 0.32) < 0.01)
    }

    @Test("silence within a piece stays")
    func inner() throws {
        let result = try spoken([(piece(0.1, 0.5, 0.25) + piece(0, 0.5, 0.1), .zero)])
        #expect(abs(Double(result.count) / 24_000 - 1.27) < 0.01)
    }

    @Test("a piece without sound adds neither silence nor pause")
    func silent() throws {
        let one = try spoken([(piece(0.1, 1, 0.1), .milliseconds(300))])
        let two = try spoken([
            (piece(0.1, 1, 0.1), .milliseconds(300)), ([Int16](repeating: 0, count: 9000), .milliseconds(300)),
        ])
        #expect(one.count == two.count)
        #expect(try spoken([([], .zero)]).isEmpty)
    }

    @Test("the speed is of all of it, pauses too", arguments: [0.25, 0.5, 2, 4])
    func speed(_ speed: Double) throws {
        let pieces = [
            (piece(0.1, 1, 0.1), Duration.milliseconds(300)), (piece(0.1, 1, 0.1), Duration.milliseconds(300)),
        ]
        let plain = try spoken(pieces)
        let changed = try spoken(pieces, speed: speed)
        #expect(abs(Double(plain.count) / Double(changed.count) / speed - 1) < 0.03)
    }
}
#endif
