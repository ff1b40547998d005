import Foundation
import RuntimeSupport
import Testing
import Whisper

/// Files that the tests share: models of random weights, made anew in each run, and whisper.cpp's sample.
enum Fixtures {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let upstream = root.appending(path: ".native/src/whisper.cpp")
    static let folder: URL = {
        let folder = FileManager.default.temporaryDirectory.appending(path: "whisper-tests-\(getpid())")
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }()

    /// A header without weights, as upstream's own tests have it.
    static let header = upstream.appending(path: "models/for-tests-ggml-tiny.bin").path
    static let silero = upstream.appending(path: "models/for-tests-silero-v6.2.0-ggml.bin").path

    /// Narrow, of many languages, hears 30 seconds.
    static let small = make("small", "tiny", ["--width", "64", "--heads", "2", "--layers", "3"])
    /// The same for English, hears 5.12 seconds.
    static let short = make(
        "short",
        "tiny.en",
        ["--width", "64", "--heads", "2", "--layers", "3", "--audio-context", "256"]
    )

    /// Eleven seconds of speech.
    static let jfk: [Float] = {
        guard let data = FileManager.default.contents(atPath: upstream.appending(path: "samples/jfk.wav").path),
            let start = data.range(of: Data("data".utf8))
        else { return [] }
        let bytes = [UInt8](data[(start.upperBound + 4)...])
        return stride(from: 0, to: bytes.count - 1, by: 2).map { index in
            Float(Int16(bitPattern: UInt16(bytes[index]) | UInt16(bytes[index + 1]) << 8)) / 32768
        }
    }()

    /// Runs a program to its end.
    ///
    /// - Returns: What it wrote to standard output.
    static func run(_ program: URL, _ arguments: [String]) -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = program
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return "" }
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }

    private static func make(_ name: String, _ header: String, _ options: [String]) -> String {
        let path = folder.appending(path: "\(name).bin").path
        _ = run(
            root.appending(path: ".native/tools/bin/python"),
            [
                root.appending(path: "Scripts/make-whisper-models.py").path,
                upstream.appending(path: "models/for-tests-ggml-\(header).bin").path, path,
            ] + options
        )
        return path
    }
}

extension TranscriptionOptions {
    /// In English, each window decoded once.
    static var plain: Self {
        var options = Self()
        options.language = .english
        options.temperatureStep = 0
        return options
    }
}

/// All that came of a transcription.
struct Collected {
    var segments: [TranscribedSegment] = []
    var summary: TranscriptionSummary?
    var error: WhisperError?

    var text: String { segments.map(\.text).joined() }

    init(_ stream: TranscriptionStream) async {
        for await event in stream {
            switch event {
            case .segment(let segment): segments.append(segment)
            case .finished(let summary): self.summary = summary
            case .failed(let error): self.error = error
            }
        }
    }
}
