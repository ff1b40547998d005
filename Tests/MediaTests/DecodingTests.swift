#if FFmpeg
import Foundation
import Media
import RuntimeSupport
import Testing

@Suite("Strangers' files of sound")
struct DecodingTests {
    private func decode(_ bytes: [UInt8], longest: Duration = .seconds(60)) throws -> DecodedAudio {
        try AudioDecoder.decode(bytes, sampleRate: 16_000, longest: longest)
    }

    private func encoded(_ format: AudioFormat, _ samples: [Int16]) throws -> [UInt8] {
        var encoder = try AudioEncoder(format, inputRate: 24_000)
        return try encoder.encode(samples) + encoder.finish()
    }

    @Test("what is no file of sound is refused, and said to be none")
    func unknown() {
        let files: [[UInt8]] = [
            [], [0], Array("hello, this is a text and no sound at all".utf8), [UInt8](repeating: 0, count: 1 << 20),
            [0x50, 0x4B, 3, 4] + [UInt8](repeating: 7, count: 500), Array("%PDF-1.7\n".utf8),
            (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7919 >> 3) },
        ]
        for file in files {
            let error = #expect(throws: AudioError.self) { try decode(file) }
            #expect([.unknownFormat, .noSound, .damaged].contains(error?.code), "\(String(describing: error))")
        }
    }

    @Test("a list of other files opens none of them")
    func playlists() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "media-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let wave = folder.appending(path: "secret.wav")
        try Data(try encoded(.wav, Sounds.tone(200, seconds: 1, rate: 24_000))).write(to: wave)
        let lists = [
            "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n\(wave.path)\n#EXT-X-ENDLIST\n",
            "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://\(wave.path)\n#EXT-X-ENDLIST\n",
            "ffconcat version 1.0\nfile '\(wave.path)'\n",
            "<?xml version=\"1.0\"?><MPD><Period><AdaptationSet><Representation><BaseURL>\(wave.path)</BaseURL>"
                + "</Representation></AdaptationSet></Period></MPD>",
            "[playlist]\nFile1=\(wave.path)\nNumberOfEntries=1\n",
            "v=0\nm=audio 5004 RTP/AVP 0\nc=IN IP4 127.0.0.1\n",
        ]
        for list in lists {
            let error = #expect(throws: AudioError.self) { try decode(Array(list.utf8)) }
            #expect(error?.code == .unknownFormat)
        }
    }

    @Test("a small file of a long silence is refused once the limit is reached")
    func longSilence() throws {
        let silence = try encoded(.flac, [Int16](repeating: 0, count: 24_000 * 600))
        #expect(silence.count < 200_000)
        let error = #expect(throws: AudioError.self) { try decode(silence, longest: .seconds(30)) }
        #expect(error?.code == .tooLong)
        #expect(try decode(silence, longest: .seconds(601)).duration >= .seconds(599))
    }

    @Test(
        "of a file that is cut off, what is there is decoded",
        arguments: [AudioFormat.mp3, .opus, .aac, .flac, .wav]
    )
    func truncated(_ format: AudioFormat) throws {
        let whole = try encoded(format, Sounds.tone(200, seconds: 4, rate: 24_000))
        let half = try decode(Array(whole.prefix(whole.count / 2)))
        #expect(half.duration > .milliseconds(1500) && half.duration < .milliseconds(2500))
    }

    @Test("a cancelled decoding ends")
    func cancelled() throws {
        let file = try encoded(.flac, [Int16](repeating: 0, count: 24_000 * 60))
        let abort = AbortFlag()
        abort.raise()
        let error = #expect(throws: AudioError.self) {
            try AudioDecoder.decode(file, sampleRate: 16_000, longest: .seconds(100), abort: abort)
        }
        #expect(error?.code == .cancelled)
    }

    @Test("damage of any kind is survived", arguments: [AudioFormat.mp3, .opus, .aac, .flac, .wav])
    func damaged(_ format: AudioFormat) throws {
        let whole = try encoded(format, Sounds.tone(200, seconds: 1, rate: 24_000))
        var state: UInt64 = 42
        func next() -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33)
        }
        for _ in 0..<200 {
            var bytes = whole
            for _ in 0..<(1 + next() % 20) { bytes[next() % bytes.count] = UInt8(truncatingIfNeeded: next()) }
            _ = try? decode(Array(bytes.prefix(1 + next() % bytes.count)))
        }
    }
}
#endif
