#if FFmpeg
import Media
import Testing

@Suite("Files of sound")
struct EncodingTests {
    private func file(_ format: AudioFormat, _ samples: [Int16], rate: Int = 22_050) throws -> [UInt8] {
        var encoder = try AudioEncoder(format, inputRate: rate)
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: samples.count, by: 1000) {
            bytes += try encoder.encode(Array(samples[start..<min(start + 1000, samples.count)]))
        }
        return bytes + (try encoder.finish())
    }

    @Test(
        "each format that says what it is is decoded again: its length, pitch and loudness",
        arguments: AudioFormat.allCases
    )
    func roundTrip(_ format: AudioFormat) throws {
        let seconds = 2.0
        var bytes = try file(format, Sounds.tone(200, seconds: seconds, rate: 22_050))
        if format == .pcm {
            #expect(abs(bytes.count - 96_000) <= 4)
            // The same behind the header of a wave file.
            bytes = try file(.wav, []) + bytes
        }
        let audio = try AudioDecoder.decode(bytes, sampleRate: 24_000, longest: .seconds(10))
        #expect(abs(Double(audio.samples.count) / 24_000 - seconds) < 0.02 * seconds + 0.08)
        #expect(audio.faults == 0)
        #expect(abs(Sounds.period(audio.samples, from: 60, to: 200) - 120) <= 1)
        #expect(abs(Sounds.loudness(audio.samples) - 0.236) < 0.03)
    }

    @Test("the first bytes come before a tenth of a second of sound, or two frames of MP3, has been put in")
    func early() throws {
        for format in AudioFormat.allCases {
            var encoder = try AudioEncoder(format, inputRate: 22_050)
            let tone = Sounds.tone(200, seconds: 0.3, rate: 22_050)
            var fed = 0
            while fed < tone.count, try encoder.encode(Array(tone[fed..<fed + 441])).isEmpty { fed += 441 }
            #expect(Double(fed) / 22_050 < 0.25, "\(format)")
        }
    }

    @Test("an empty sound is a valid file, or none", arguments: [AudioFormat.wav, .flac, .opus])
    func empty(_ format: AudioFormat) throws {
        let bytes = try file(format, [])
        #expect(!bytes.isEmpty)
        #expect(throws: AudioError.self) { try AudioDecoder.decode(bytes, sampleRate: 16_000, longest: .seconds(1)) }
    }

    @Test("a wave file's header says that its length is not known")
    func waveHeader() throws {
        let bytes = try file(.wav, Sounds.tone(200, seconds: 0.1, rate: 24_000), rate: 24_000)
        #expect(bytes.starts(with: Array("RIFF".utf8) + [0xFF, 0xFF, 0xFF, 0xFF] + Array("WAVEfmt ".utf8)))
        #expect(bytes[36..<44].elementsEqual(Array("data".utf8) + [0xFF, 0xFF, 0xFF, 0xFF]))
    }
}
#endif
