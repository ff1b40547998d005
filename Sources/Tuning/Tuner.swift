internal import Foundation
package import Llama
internal import Scheduling
internal import Tokenizer

/// Finds the format of the weights and the settings with which a model is fastest on this machine, close to the original.
///
/// A greedy search: the format first, then one setting after another. Whatever is compared is measured in turns, so that
/// other programs on the machine disturb both sides alike. Everything blocks; for one thread.
package final class Tuner {
    package struct Options: Sendable {
        package var objective = Objective()
        /// The formats to try, or nil for those that make sense.
        package var formats: [WeightFormat]?
        /// How long all of it may take; a step that is under way is ended, and formats are tried in any case.
        package var time = Duration.seconds(150)
        /// How many threads compute at first, and at most.
        package var threads: Int
        package var room: Candidates.Room

        package init(threads: Int, room: Candidates.Room) {
            self.threads = threads
            self.room = room
        }
    }

    private let workspace: TuningWorkspace
    private let options: Options
    private var objective: Objective { options.objective }
    private let report: (String) -> Void
    private let start = ContinuousClock.now

    private let original: LlamaModel
    private let sourceName: String
    private let tokens: [TokenID]
    private let vocabularySize: Int
    private let meter: DistanceMeter
    private var formats: [TuningRecord.Format] = []
    private var trials: [TuningRecord.Trial] = []
    /// Whether other programs kept taking the cores while speeds were measured.
    private var isDisturbed = false
    /// The file of the best format so far, and its place among the formats; nil for the original.
    private var best: (path: String, place: Int)?

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
        let information = original.information
        guard information.hasDecoder, information.isCausal else {
            throw TuningError("\(path) holds a model that cannot generate text: there is nothing to measure")
        }
        let needed = information.size + Candidates.cacheBytes(information)
        guard needed <= options.room.memory else {
            throw TuningError(
                "measuring \(path) needs \(needed >> 20) MiB of memory, of which \(options.room.memory >> 20) MiB are there"
            )
        }
        sourceName = original.format?.rawValue ?? "as it is"
        let vocabulary = try original.makeVocabulary()
        vocabularySize = vocabulary.size
        tokens = try vocabulary.encode(ReferenceText.text, addSpecial: false, parseSpecial: false)
        guard tokens.count >= SpeedProbe.promptLength else {
            throw TuningError("\(path) makes fewer tokens of the text to measure with than are needed")
        }
        report("computing the output of the file as it is (\(information.description))")
        meter = try DistanceMeter(
            original: original,
            settings: Settings(threads: options.threads),
            text: tokens,
            beginning: vocabulary.addsBeginningOfSequence ? vocabulary.beginningOfSequence : nil,
            vocabularySize: vocabularySize
        ) { [options] first in
            // An eighth of the time for the original; each other format takes as much or less.
            min(8, max(2, Int(options.time / 8 / first)))
        }
    }

    /// Measures and chooses, and puts the result beside the model.
    ///
    /// - Throws: `LlamaError` or `TuningError`; the earlier state then stays.
    package func run() throws -> TuningRecord {
        guard let source = FileIdentity.of(workspace.files.model) else {
            throw TuningError("\(workspace.files.model) cannot be read")
        }
        let reference = try chooseFormat()
        let model = try best.map { try LlamaModel(path: $0.path) } ?? original
        let settings = try chooseSettings(model)
        let choice = try confirm(model, settings, reference)
        let record = TuningRecord(
            machine: .current(),
            source: source,
            maxKL: objective.maxKL,
            formats: formats,
            trials: trials,
            choice: choice,
            chunks: meter.chunkCount,
            isDisturbed: isDisturbed
        )
        try workspace.publish(
            weights: best?.path,
            record: try record.encoded(),
            plot: TuningPlot(record: record, title: URL(filePath: workspace.files.model).lastPathComponent).svg
        )
        return record
    }

    // MARK: the format

    /// Tries the formats and keeps the file of the best.
    ///
    /// - Returns: The original's speeds.
    private func chooseFormat() throws -> Speeds {
        let defaults = Settings(threads: options.threads)
        let information = original.information
        formats = [
            TuningRecord.Format(
                name: sourceName,
                bytes: information.size,
                gain: 1,
                distance: Distance(perplexity: meter.perplexity, meanKL: 0)
            )
        ]
        let bits = Double(information.size) * 8 / Double(max(1, information.parameters))
        let candidates = options.formats ?? Candidates.formats(from: original.format, bitsPerWeight: bits)
        let probe = try probe(original, defaults)
        for format in candidates where format != original.format {
            var row = TuningRecord.Format(name: format.rawValue)
            if let refusal = Candidates.refusal(of: format, model: information, room: options.room) {
                row.verdict = refusal
            } else {
                try measure(format, &row, against: probe)
            }
            formats.append(row)
            judge()
            report("\(row.name): \(TuningTable.summary(formats[formats.count - 1]))")
            keepIfBest(formats.count - 1)
        }
        if formats[0].speeds == nil {
            try probe.round()
            formats[0].speeds = probe.speeds
        }
        // With more rounds the original may have turned out to be faster than it seemed.
        if let best, objective.best(formats) == nil {
            workspace.discard(best.path)
            self.best = nil
        }
        formats[best?.place ?? 0].verdict = nil
        for place in formats.indices where formats[place].verdict == nil && place != (best?.place ?? 0) {
            let isFaster = (formats[place].gain ?? 0) > (formats[best?.place ?? 0].gain ?? 0)
            formats[place].verdict =
                place == 0
                ? "the original" : isFaster ? "no faster for certain, and larger" : "slower than the chosen one"
        }
        return formats[0].speeds ?? probe.speeds
    }

    private func measure(_ format: WeightFormat, _ row: inout TuningRecord.Format, against probe: SpeedProbe) throws {
        report("\(format.rawValue): converting")
        let path = workspace.candidate(format.rawValue)
        try LlamaModel.convert(workspace.files.model, to: path, format: format, threads: options.threads)
        let model = try LlamaModel(path: path)
        row.bytes = model.information.size
        report("\(format.rawValue): measuring its speed")
        let challenger = try self.probe(model, Settings(threads: options.threads))
        try contest(probe, challenger, time: options.time * 0.3 / Double(options.formats?.count ?? 4))
        row.speeds = challenger.speeds
        formats[0].speeds = formats[0].speeds?.best(probe.speeds) ?? probe.speeds
        report("\(format.rawValue): measuring its distance")
        row.distance = try meter.distance(of: model, settings: Settings(threads: options.threads))
    }

    /// Computes all gains anew, over the best that the original has shown so far.
    private func judge() {
        guard let reference = formats[0].speeds else { return }
        for place in formats.indices.dropFirst() {
            guard let speeds = formats[place].speeds, let distance = formats[place].distance else { continue }
            let gain = speeds.gain(over: reference)
            formats[place].gain = gain
            formats[place].verdict = objective.refusal(gain: gain, distance: distance)
        }
    }

    /// One converted file is kept at a time.
    private func keepIfBest(_ place: Int) {
        let path = workspace.candidate(formats[place].name)
        if objective.best(formats) == place {
            if let best { workspace.discard(best.path) }
            best = (path, place)
        } else {
            workspace.discard(path)
        }
    }

    // MARK: the settings

    /// Tries one setting after another with the chosen weights, and keeps what is faster.
    private func chooseSettings(_ model: LlamaModel) throws -> Settings {
        var settings = Settings(threads: options.threads)
        for trial in SettingTrial.all(threads: options.threads, model: model.information) {
            var row = TuningRecord.Trial(name: trial.name, value: trial.value, isAdopted: false)
            defer {
                trials.append(row)
                report("\(row.name) \(row.value): \(TuningTable.summary(row))")
            }
            guard .now - start < options.time else {
                row.note = "not tried: the time is over"
                continue
            }
            let changed = trial.change(settings)
            do {
                let result = try gain(of: changed, over: settings, model, trial)
                row.gain = result.gain
                if result.isDisturbed {
                    // With a core taken away, one thread seems faster than two.
                    row.note = "not judged: other programs took the cores"
                    continue
                }
            } catch let error as LlamaError {
                row.note = "not possible: \(error.description)"
                continue
            }
            guard let gain = row.gain, gain >= objective.minimumGain else { continue }
            if trial.changesOutput {
                let distance = try distance(model, changed)
                guard distance.meanKL <= objective.maxKL else {
                    row.note = "refused: too far from the original"
                    continue
                }
            }
            row.isAdopted = true
            settings = changed
        }
        return settings
    }

    private func gain(
        of changed: Settings,
        over settings: Settings,
        _ model: LlamaModel,
        _ trial: SettingTrial
    ) throws -> (gain: Double, isDisturbed: Bool) {
        let current = try probe(model, settings)
        // The BLAS backend is chosen when a model is loaded.
        let challengers = try loaded(model, changed)
        let challenger = try probe(challengers, changed)
        try contest(current, challenger, time: options.time * 0.05)
        return (
            trial.gain(challenger.speeds, current.speeds), current.isDisturbed || challenger.isDisturbed
        )
    }

    /// Measures the choice as a whole against the original, where it is more than a format that was measured already.
    private func confirm(
        _ model: LlamaModel,
        _ settings: Settings,
        _ reference: Speeds
    ) throws -> TuningRecord.Choice {
        let row = formats[best?.place ?? 0]
        var choice = TuningRecord.Choice(
            format: row.name,
            weights: best.flatMap { FileIdentity.of($0.path) },
            settings: Settings(threads: options.threads),
            gain: row.gain ?? 1,
            speeds: row.speeds ?? reference,
            meanKL: row.distance?.meanKL ?? 0
        )
        guard settings != choice.settings else { return choice }
        report("measuring the choice as a whole")
        let distance = try distance(model, settings)
        // Each setting kept to the bound by itself; what all of them add up to counts.
        guard distance.meanKL <= objective.maxKL else { return choice }
        let first = try probe(original, Settings(threads: options.threads))
        let last = try probe(try loaded(model, settings), settings)
        try contest(first, last, time: options.time * 0.06)
        let gain = last.speeds.gain(over: reference.best(first.speeds))
        guard gain > choice.gain else { return choice }
        choice.settings = settings
        choice.gain = gain
        choice.speeds = last.speeds
        choice.meanKL = distance.meanKL
        return choice
    }

    // MARK: measuring

    private func distance(_ model: LlamaModel, _ settings: Settings) throws -> Distance {
        let model = try loaded(model, settings)
        LlamaRuntime.useBLAS(settings.usesBLAS)
        defer { LlamaRuntime.useBLAS(false) }
        return try meter.distance(of: model, settings: settings)
    }

    private func loaded(_ model: LlamaModel, _ settings: Settings) throws -> LlamaModel {
        guard settings.usesBLAS else { return model }
        LlamaRuntime.useBLAS(true)
        defer { LlamaRuntime.useBLAS(false) }
        return try LlamaModel(path: model.path)
    }

    private func probe(_ model: LlamaModel, _ settings: Settings) throws -> SpeedProbe {
        LlamaRuntime.useBLAS(settings.usesBLAS)
        defer { LlamaRuntime.useBLAS(false) }
        return try SpeedProbe(model: model, settings: settings, tokens: tokens, vocabularySize: vocabularySize)
    }

    /// Lets two probes take turns, each beginning every other round, until the time is over.
    private func contest(_ one: SpeedProbe, _ other: SpeedProbe, time: Duration) throws {
        one.forget()
        other.forget()
        let start = ContinuousClock.now
        for round in 1...8 {
            try (round % 2 == 0 ? other : one).round()
            try (round % 2 == 0 ? one : other).round()
            let elapsed = ContinuousClock.now - start
            let isDisturbed = one.isDisturbed || other.isDisturbed
            // Where other programs compute, too, more rounds may find a quiet moment; the time as a whole is kept.
            let limit = isDisturbed ? time * 2 : time
            if elapsed + elapsed / round > limit || (round >= 5 && !isDisturbed) { break }
            if ContinuousClock.now - self.start > options.time { break }
        }
        if one.isDisturbed || other.isDisturbed { isDisturbed = true }
    }
}
