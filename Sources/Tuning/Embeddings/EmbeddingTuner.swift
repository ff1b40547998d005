internal import Foundation
package import Llama
internal import Scheduling
internal import Tokenizer

/// Finds the format of the weights with which an embedding model is fastest on this machine, its vectors hardly changed.
///
/// Each format is measured in turns with the original, so that other programs disturb both alike. Everything blocks; for
/// one thread.
package final class EmbeddingTuner {
    package struct Options: Sendable {
        /// The least that the cosine between a text's vector and the original's may be.
        package var minCosine = 0.9999
        /// The gain below which nothing is changed: measuring is not more exact.
        package var minimumGain = 1.03
        /// The formats to try, or nil for those that make sense.
        package var formats: [WeightFormat]?
        /// How long measuring may take, all formats together.
        package var time = Duration.seconds(20)
        package var threads: Int
        package var room: Candidates.Room

        package init(threads: Int, room: Candidates.Room) {
            self.threads = threads
            self.room = room
        }
    }

    private let workspace: TuningWorkspace
    private let options: Options
    private let report: (String) -> Void
    private let original: LlamaModel
    private let texts: [[TokenID]]
    private let probe: EmbeddingProbe

    /// Loads the model and computes what others are compared with.
    ///
    /// The llama.cpp runtime has been started, without BLAS.
    ///
    /// - Parameters:
    ///   - workspace: Where converted files are put.
    ///   - options: What to try, and the bounds.
    ///   - report: Called with a line for each step.
    /// - Throws: `TuningError`, or `LlamaError` for a model that cannot be loaded.
    package init(workspace: TuningWorkspace, options: Options, report: @escaping (String) -> Void) throws {
        self.workspace = workspace
        self.options = options
        self.report = report
        let path = workspace.files.model
        try LlamaModel.checkWhole(path)
        original = try LlamaModel(path: path)
        guard original.information.pooling != .none, original.information.pooling != .rank else {
            throw TuningError("\(path) holds a model that makes no vectors of texts: there is nothing to measure")
        }
        texts = try Self.texts(try original.makeVocabulary())
        report("computing the vectors of the file as it is (\(original.information.description))")
        probe = try EmbeddingProbe(model: original, texts: texts, threads: options.threads)
    }

    /// Measures and chooses, and puts the result beside the model.
    ///
    /// - Throws: `LlamaError` or `TuningError`; the earlier state then stays.
    package func run() throws -> EmbeddingRecord {
        guard let source = FileIdentity.of(workspace.files.model) else {
            throw TuningError("\(workspace.files.model) cannot be read")
        }
        let name = original.format?.rawValue ?? "as it is"
        var formats = [
            EmbeddingRecord.Format(name: name, bytes: original.information.size, gain: 1, leastCosine: 1)
        ]
        let candidates = (options.formats ?? [.bf16, .f16, .q8_0]).filter { $0 != original.format }
        try probe.round()
        for format in candidates {
            var row = EmbeddingRecord.Format(name: format.rawValue)
            if let refusal = Candidates.refusal(of: format, model: original.information, room: options.room) {
                row.verdict = refusal
            } else {
                try measure(format, &row, time: options.time / candidates.count)
            }
            formats.append(row)
            report("\(row.name): \(row.verdict ?? "\(TuningTable.number(row.gain, decimals: 2)) times as fast")")
        }
        formats[0].tokensPerSecond = probe.tokensPerSecond
        let best = formats.indices.filter { formats[$0].verdict == nil && $0 > 0 }
            .max { (formats[$0].gain ?? 0) < (formats[$1].gain ?? 0) }
        for place in formats.indices where formats[place].verdict == nil && place != best ?? 0 {
            formats[place].verdict = place == 0 ? "the original" : "slower than the chosen one"
        }
        let weights = best.map { workspace.candidate(formats[$0].name) }
        let record = EmbeddingRecord(
            machine: .current(),
            source: source,
            minCosine: options.minCosine,
            formats: formats,
            weights: weights.flatMap(FileIdentity.of)
        )
        try workspace.publish(weights: weights, record: try record.encoded(), plot: nil)
        return record
    }

    private func measure(_ format: WeightFormat, _ row: inout EmbeddingRecord.Format, time: Duration) throws {
        report("\(format.rawValue): converting and measuring")
        let path = workspace.candidate(format.rawValue)
        try LlamaModel.convert(workspace.files.model, to: path, format: format, threads: options.threads)
        let model = try LlamaModel(path: path)
        row.bytes = model.information.size
        let challenger = try EmbeddingProbe(model: model, texts: texts, threads: options.threads)
        let cosine = zip(challenger.vectors, probe.vectors).map(cosine).min() ?? 0
        row.leastCosine = cosine
        guard cosine >= options.minCosine else {
            row.verdict = "refused: least cosine \(TuningTable.number(cosine, decimals: 6))"
            return
        }
        let start = ContinuousClock.now
        for round in 1...12 {
            try (round % 2 == 0 ? challenger : probe).round()
            try (round % 2 == 0 ? probe : challenger).round()
            if ContinuousClock.now - start > time { break }
            if round >= 6, !challenger.isDisturbed, !probe.isDisturbed { break }
        }
        row.tokensPerSecond = challenger.tokensPerSecond
        row.gain = challenger.tokensPerSecond / probe.tokensPerSecond
        if !((row.gain ?? 0) >= options.minimumGain) { row.verdict = "no faster" }
    }

    /// Pieces of prose of 8 to 32 words, as a collection's passages and questions are, as the model reads them.
    private static func texts(_ vocabulary: Vocabulary) throws -> [[TokenID]] {
        let words = ReferenceText.text.split(whereSeparator: \.isWhitespace)
        var texts: [[TokenID]] = []
        var place = 0
        while texts.count < 128, place < words.count {
            let length = 8 + texts.count * 5 % 25
            let text = words[place..<min(place + length, words.count)].joined(separator: " ")
            texts.append(try vocabulary.encode(vocabulary.normalized(text), addSpecial: true, parseSpecial: false))
            place += length
        }
        return texts
    }
}

/// The cosine of the angle between two vectors.
private func cosine(_ left: [Float], _ right: [Float]) -> Double {
    func dot(_ left: [Float], _ right: [Float]) -> Double {
        zip(left, right).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let lengths = (dot(left, left) * dot(right, right)).squareRoot()
    return lengths > 0 ? dot(left, right) / lengths : 0
}
