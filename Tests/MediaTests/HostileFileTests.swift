#if FFmpeg
import Foundation
import Media
import RuntimeSupport
import Testing

/// Files that are made to do harm: too much of something, in few bytes.
@Suite("Hostile files of sound")
struct HostileFileTests {
    private func fault(_ file: [UInt8], longest: Duration = .seconds(60)) -> AudioError.Code? {
        let error = #expect(throws: AudioError.self) {
            try AudioDecoder.decode(file, sampleRate: 16_000, longest: longest)
        }
        return error?.code
    }

    @Test("100 MB of zeros are no sound; behind a header they are one that is too long")
    func zeros() {
        let zeros = [UInt8](repeating: 0, count: 100 << 20)
        #expect([.unknownFormat, .noSound].contains(fault(zeros)))
        #expect(fault(Handmade.wave(rate: 8_000, channels: 1) + zeros) == .tooLong)
    }

    @Test("rates that no sound has take no memory", arguments: [0, 1, 999, 768_001, 2_000_000_000, 4_294_967_295])
    func rates(rate: UInt32) {
        let before = ProcessMemory.residentBytes ?? 0
        let samples = [UInt8](repeating: 77, count: 65_536)
        let code = fault(Handmade.wave(rate: rate, channels: 1) + samples, longest: .seconds(36_000))
        #expect([.damaged, .noSound, .unknownFormat].contains(code), "\(String(describing: code))")
        // The filters of such rates would have gigabytes.
        #expect((ProcessMemory.residentBytes ?? 0) < before + (1 << 30))
    }

    @Test("more channels than any sound has are refused", arguments: [0, 65, 1000, 65_535] as [UInt16])
    func channels(count: UInt16) {
        let code = fault(Handmade.wave(rate: 8_000, channels: count) + [UInt8](repeating: 77, count: 1 << 18))
        #expect([.damaged, .noSound, .unknownFormat].contains(code), "\(String(describing: code))")
    }

    @Test("ten hours of silence in some kilobytes of FLAC end at the limit")
    func longFLAC() throws {
        let file = Handmade.silentFLAC(rate: 1000, seconds: 36_000)
        #expect(file.count < 12_000)
        #expect(fault(file) == .tooLong)
        // What is short enough of the same kind is decoded to the last sample.
        let short = try AudioDecoder.decode(
            Handmade.silentFLAC(rate: 1000, seconds: 50),
            sampleRate: 16_000,
            longest: .seconds(60)
        )
        #expect(abs(short.samples.count - 800_000) < 100)
        #expect(short.samples.allSatisfy { $0 == 0 })
    }

    @Test("ten minutes of silence in some kilobytes of Opus end at the limit")
    func longOpus() throws {
        let file = Handmade.silentOpus(packets: 5000)
        #expect(file.count < 20_000)
        #expect(fault(file) == .tooLong)
        let short = try AudioDecoder.decode(
            Handmade.silentOpus(packets: 300),
            sampleRate: 16_000,
            longest: .seconds(60)
        )
        #expect(abs(short.duration / .seconds(1) - 36) < 0.5)
    }

    @Test("archives, pictures and texts are no sound, also where sound is packed into them")
    func otherFiles() throws {
        let wave = Handmade.wave(rate: 8_000, channels: 1) + [UInt8](repeating: 77, count: 4000)
        let files: [[UInt8]] = [
            // A zip with the sound in it, not even packed.
            [0x50, 0x4B, 3, 4, 20, 0, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 16) + [5, 0, 0, 0]
                + Array("a.wav".utf8) + wave,
            [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + wave, Array("\u{89}PNG\r\n\u{1A}\n".utf8) + wave,
            Array("GIF89a".utf8) + [2, 0, 2, 0, 0, 0, 0] + wave, Array("%!PS-Adobe\n".utf8) + wave,
            Array("YUV4MPEG2 W2 H2 F25:1 C420\n".utf8)
                + (0..<50).flatMap { _ in Array("FRAME\n".utf8) + [1, 2, 3, 4, 5, 6] },
            Array("RIFF".utf8) + [0xFF, 0xFF, 0, 0] + Array("AVI LIST".utf8) + [UInt8](repeating: 0, count: 4000),
            Array("<svg xmlns=\"http://www.w3.org/2000/svg\"/>".utf8),
        ]
        for file in files {
            let code = fault(file)
            #expect(
                [.unknownFormat, .noSound, .damaged].contains(code),
                "\(file.prefix(8)): \(String(describing: code))"
            )
        }
    }

    @Test("playlists open neither files nor addresses", .timeLimit(.minutes(1)))
    func playlists() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "lists-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // Whoever opens it waits for a writer for ever.
        let pipe = folder.appending(path: "pipe.wav").path
        #expect(mkfifo(pipe, 0o600) == 0)
        let listener = try LoopbackListener()
        let address = "http://127.0.0.1:\(listener.port)/a.mp3"
        for target in [pipe, "file://\(pipe)", address, "tcp://127.0.0.1:\(listener.port)", "concat:\(pipe)"] {
            let lists = [
                "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXT-X-KEY:METHOD=AES-128,URI=\"\(target)\"\n#EXTINF:10,\n\(target)\n"
                    + "#EXT-X-ENDLIST\n",
                "#EXTM3U\n\(target)\n", "ffconcat version 1.0\nfile '\(target)'\n",
                "[playlist]\nFile1=\(target)\nNumberOfEntries=1\nVersion=2\n",
                "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\"><Period><AdaptationSet "
                    + "mimeType=\"audio/mp4\"><Representation id=\"1\"><BaseURL>\(target)</BaseURL></Representation>"
                    + "</AdaptationSet></Period></MPD>",
                "<asx version=\"3.0\"><entry><ref href=\"\(target)\"/></entry></asx>",
                "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio \(listener.port) RTP/AVP 0\n",
                target,
            ]
            for list in lists { #expect([.unknownFormat, .noSound].contains(fault(Array(list.utf8)))) }
            // A film may name another file that holds its sound.
            // What is decoded then, if anything, is of this file's own bytes.
            let film = Handmade.reference(to: target)
            let sound = try? AudioDecoder.decode(film, sampleRate: 16_000, longest: .seconds(60))
            #expect(sound?.samples.count ?? 0 <= 2 * film.count)
        }
        let wasAsked = listener.wasAsked
        #expect(!wasAsked)
    }

    @Test("every beginning of a file ends with sound or with an error")
    func truncated() throws {
        for format in [AudioFormat.mp3, .opus, .aac, .flac, .wav] {
            var encoder = try AudioEncoder(format, inputRate: 24_000)
            let whole =
                try encoder.encode(Sounds.tone(200, seconds: 0.3, rate: 24_000)) + encoder.finish()
            for count in stride(from: 0, to: min(whole.count, 3000), by: 13) {
                let sound = try? AudioDecoder.decode(
                    Array(whole.prefix(count)),
                    sampleRate: 16_000,
                    longest: .seconds(2)
                )
                #expect(sound.map { $0.duration < .milliseconds(500) } ?? true)
            }
        }
    }
}

/// Listens on a port of this machine, and notices who comes.
private struct LoopbackListener: ~Copyable {
    private let descriptor: Int32
    let port: UInt16

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let (descriptor, size) = (descriptor, length)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, size) == 0 && listen(descriptor, 4) == 0
                    && getsockname(descriptor, pointer, &length) == 0
            }
        }
        guard status else { throw POSIXError(.EADDRNOTAVAIL) }
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }

    /// Whether anybody connected.
    var wasAsked: Bool {
        let peer = accept(descriptor, nil, nil)
        if peer >= 0 { close(peer) }
        return peer >= 0
    }
}
#endif
