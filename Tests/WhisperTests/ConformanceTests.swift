import Foundation
import Testing
import Whisper

/// Compares with whisper.cpp's own programs, where Scripts/bench/build-whisper-cli.sh has built them.
@Suite("Conformance to whisper.cpp", .enabled(if: FileManager.default.fileExists(atPath: Upstream.cli.path)))
struct ConformanceTests {
    @Test("the same text and times as whisper-cli", arguments: [1, 5], [512, 640, 768, 1500])
    func text(beams: Int, context: Int) async throws {
        let transcriber = Transcriber(
            model: try WhisperModel(path: Fixtures.small),
            threads: 1,
            atOnce: 1,
            maxWaiting: 1
        )
        var options = TranscriptionOptions.plain
        options.beams = beams
        options.audioContext = .fixed(context)
        let ours = await Collected(try transcriber.submit(Fixtures.jfk, options)).segments
        let theirs = Upstream.transcribe(Fixtures.small, beams: beams, context: context)
        #expect(!theirs.isEmpty && ours.map(\.text) == theirs.map(\.text))
        for (our, their) in zip(ours, theirs) {
            #expect(abs(our.start - min(their.start, 11)) <= 0.02 && abs(our.end - min(their.end, 11)) <= 0.02)
        }
        await transcriber.stop()
    }

    @Test("the same stretches of speech as its detector of voices")
    func stretches() throws {
        let detector = try VoiceDetector()
        let ours = try detector.stretches(try detector.listen(Fixtures.jfk[...]), VoiceDetector.Options())
        let theirs = Upstream.stretches()
        #expect(!theirs.isEmpty && ours.count == theirs.count)
        for (our, their) in zip(ours, theirs) {
            #expect(abs(our.lowerBound - their.lowerBound) < 0.001 && abs(our.upperBound - their.upperBound) < 0.001)
        }
    }
}

/// whisper.cpp's programs.
enum Upstream {
    static let folder = Fixtures.root.appending(path: ".native/build-whisper/bin")
    static let cli = folder.appending(path: "whisper-cli")
    private static let sample = Fixtures.upstream.appending(path: "samples/jfk.wav").path

    struct Segment {
        let text: String
        let start: Double
        let end: Double
    }

    static func transcribe(_ model: String, beams: Int, context: Int) -> [Segment] {
        let out = Fixtures.folder.appending(path: "cli-\(beams)-\(context)").path
        _ = Fixtures.run(
            cli,
            [
                "-m", model, "-f", sample, "-t", "1", "-l", "en", "-bs", "\(beams)", "-nf", "-ac", "\(context)", "-np",
                "-oj", "-of", out,
            ]
        )
        guard let data = FileManager.default.contents(atPath: "\(out).json"),
            // A token may be a part of a character, which their JSON holds as it is.
            let json = try? JSONSerialization.jsonObject(with: Data(String(decoding: data, as: UTF8.self).utf8)),
            let segments = (json as? [String: Any])?["transcription"] as? [[String: Any]]
        else { return [] }
        return segments.compactMap { segment in
            guard let text = segment["text"] as? String, let offsets = segment["offsets"] as? [String: Int],
                let start = offsets["from"], let end = offsets["to"]
            else { return nil }
            return Segment(text: text, start: Double(start) / 1000, end: Double(end) / 1000)
        }
    }

    static func stretches() -> [Range<Double>] {
        let text = Fixtures.run(
            folder.appending(path: "whisper-vad-speech-segments"),
            ["-f", sample, "-vm", Fixtures.silero, "-np"]
        )
        return text.matches(of: /start = ([0-9.]+), end = ([0-9.]+)/).compactMap { match in
            guard let start = Double(match.1), let end = Double(match.2) else { return nil }
            return start / 100..<end / 100
        }
    }
}
