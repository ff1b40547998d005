import Foundation
import TestSupport
import Testing

@testable import Tuning

@Suite("Records of tunings")
struct RecordTests {
    private let temporary = TemporaryFolder()
    private var folder: String { temporary.path }
    private let files: TuningFiles
    private let machine = MachineIdentity(
        processor: "one",
        features: "f",
        processors: 2,
        ggml: "1",
        llama: "2",
        build: "AVX"
    )

    init() throws {
        files = TuningFiles(model: "\(temporary.path)/model.Q4_1.gguf")
        try Data(repeating: 7, count: 100_000).write(to: URL(filePath: files.model))
    }

    private func record(weights: FileIdentity? = nil) throws -> TuningRecord {
        let speeds = Speeds(prompt: 1, decode1: 2, decode4: 3, decode16: 4)
        let distance = Distance(perplexity: 18, meanKL: 0)
        return TuningRecord(
            machine: machine,
            source: try #require(FileIdentity.of(files.model)),
            maxKL: 0.01,
            formats: [.init(name: "Q4_1", bytes: 1, speeds: speeds, gain: 1, distance: distance, verdict: nil)],
            trials: [.init(name: "BLAS", value: "on", gain: 0.5, isAdopted: false)],
            choice: .init(
                format: "Q4_1",
                weights: weights,
                settings: Settings(threads: 2),
                gain: 1,
                speeds: speeds,
                meanKL: 0
            ),
            chunks: 2,
            isDisturbed: false
        )
    }

    private func write(_ record: TuningRecord) throws {
        try record.encoded().write(to: URL(filePath: files.record))
    }

    private func reason() -> String? {
        guard case .unusable(let reason) = KnownTuning<TuningRecord>.find(files, machine: machine) else { return nil }
        return reason
    }

    @Test("the files lie beside the model, under its name")
    func names() {
        #expect(files.weights == "\(folder)/model.Q4_1.tuned.gguf")
        #expect(files.record == "\(folder)/model.Q4_1.tuning.json")
        #expect(files.folder == folder)
    }

    @Test("a record that holds is found as it was written")
    func whole() throws {
        let record = try record()
        try write(record)
        guard case .usable(let found) = KnownTuning<TuningRecord>.find(files, machine: machine) else {
            Issue.record("not usable")
            return
        }
        #expect(found == record)
    }

    @Test("without a record there is no tuning")
    func absent() {
        guard case .absent = KnownTuning<TuningRecord>.find(files, machine: machine) else {
            Issue.record("found one")
            return
        }
    }

    @Test("what is no record is ignored", arguments: ["", "{", "[]", "{\"version\": 1}", "\u{0}\u{1}", "null"])
    func damaged(contents: String) throws {
        try Data(contents.utf8).write(to: URL(filePath: files.record))
        #expect(reason()?.contains("damaged") == true)
    }

    @Test("a record cut anywhere is ignored")
    func truncated() throws {
        let data = try record().encoded()
        for length in stride(from: 0, to: data.count - 1, by: 97) {
            try data.prefix(length).write(to: URL(filePath: files.record))
            #expect(reason() != nil)
        }
    }

    @Test("a record of another machine, version or file is ignored")
    func foreign() throws {
        var other = try record()
        other.machine = MachineIdentity(
            processor: "two",
            features: "f",
            processors: 2,
            ggml: "1",
            llama: "2",
            build: "AVX"
        )
        try write(other)
        #expect(reason()?.contains("another machine") == true)
        other = try record()
        other.version += 1
        try write(other)
        #expect(reason()?.contains("version") == true)
        try write(try record())
        var bytes = Data(repeating: 7, count: 100_000)
        bytes[50_000...50_100] = Data(repeating: 8, count: 101)
        bytes[20_000...30_000] = Data(repeating: 8, count: 10_001)
        try bytes.write(to: URL(filePath: files.model))
        #expect(reason()?.contains("changed") == true)
    }

    @Test("a record whose weights are missing or damaged is ignored")
    func weights() throws {
        try Data(repeating: 9, count: 5000).write(to: URL(filePath: files.weights))
        try write(try record(weights: FileIdentity.of(files.weights)))
        // As they were written, and yet no model.
        #expect(reason()?.contains("weights") == true)
        try FileManager.default.removeItem(atPath: files.weights)
        #expect(reason()?.contains("weights") == true)
    }

    @Test("one tuning of a model at a time; what a killed one left is cleared, and an end leaves nothing")
    func workspace() throws {
        let left = "\(files.work)/left.gguf"
        try FileManager.default.createDirectory(atPath: files.work, withIntermediateDirectories: true)
        try Data("x".utf8).write(to: URL(filePath: left))
        let first = try TuningWorkspace(files: files)
        #expect(!FileManager.default.fileExists(atPath: left))
        #expect(throws: TuningError.self) { try TuningWorkspace(files: files) }
        first.remove()
        #expect(!FileManager.default.fileExists(atPath: files.work))
        let second = try TuningWorkspace(files: files)
        second.remove()
    }

    @Test("publishing puts weights, plot and record in place of those before; without weights the old ones go")
    func publish() throws {
        let workspace = try TuningWorkspace(files: files)
        try Data("new".utf8).write(to: URL(filePath: workspace.candidate("Q8_0")))
        try Data("old".utf8).write(to: URL(filePath: files.weights))
        try workspace.publish(weights: workspace.candidate("Q8_0"), record: Data("{}".utf8), plot: "<svg/>")
        #expect(FileManager.default.contents(atPath: files.weights) == Data("new".utf8))
        #expect(FileManager.default.fileExists(atPath: files.plot))
        try workspace.publish(weights: nil, record: Data("{}".utf8), plot: "<svg/>")
        #expect(!FileManager.default.fileExists(atPath: files.weights))
        // After the end, as when an interrupt comes first, nothing is put anywhere.
        workspace.remove()
        try FileManager.default.removeItem(atPath: files.record)
        try workspace.publish(weights: nil, record: Data("{}".utf8), plot: "<svg/>")
        #expect(!FileManager.default.fileExists(atPath: files.record))
    }

    @Test("the table and the plot hold every format")
    func output() throws {
        var record = try record()
        record.formats.append(.init(name: "Q8_0 <&>", verdict: "not tried: no disk"))
        let text = TuningTable.text(record)
        #expect(text.contains("Q4_1") && text.contains("not tried: no disk") && text.contains("BLAS: on"))
        let svg = TuningPlot(record: record, title: "a<b").svg
        #expect(svg.contains("a&lt;b") && svg.contains(">Q4_1<"))
    }
}
