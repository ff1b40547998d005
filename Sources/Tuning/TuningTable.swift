internal import Foundation

/// A tuning as text.
package enum TuningTable {
    /// A table of the formats, one of the settings, and the choice.
    package static func text(_ record: TuningRecord) -> String {
        let header = [
            "FORMAT", "MIB", "PROMPT", "DECODE 1", "DECODE 4", "DECODE 16", "GAIN", "PERPLEXITY", "MEAN KL", "",
        ]
        let rows = record.formats.map { format in
            [
                format.name,
                format.bytes.map { "\($0 >> 20)" } ?? "-",
                number(format.speeds?.prompt), number(format.speeds?.decode1), number(format.speeds?.decode4),
                number(format.speeds?.decode16), number(format.gain, decimals: 2),
                number(format.distance?.perplexity, decimals: 2), number(format.distance?.meanKL, decimals: 4),
                format.verdict ?? "chosen",
            ]
        }
        let trials = record.trials.map { ["\($0.name): \($0.value)", number($0.gain, decimals: 2), outcome($0)] }
        return """
            \(table([header] + rows))
            Speeds in tokens a second. The gain is the geometric mean of the gains in prompt speed and in decode speed at \
            1 and 4.

            \(table([["SETTING", "GAIN", ""]] + trials))

            \(choice(record))
            """
    }

    /// What was chosen, in one line.
    package static func choice(_ record: TuningRecord) -> String {
        choiceAlone(record)
            + (record.isDisturbed ? " Other programs took the cores meanwhile: tune again when idle." : "")
    }

    private static func choiceAlone(_ record: TuningRecord) -> String {
        let choice = record.choice
        let gain = number(choice.gain, decimals: 2)
        let changes = record.trials.filter(\.isAdopted).map { "\($0.name) \($0.value)" }
        let settings =
            changes.isEmpty || choice.settings == Settings(threads: choice.settings.threads)
            ? "" : ", " + changes.joined(separator: ", ")
        if choice.weights == nil, settings.isEmpty { return "Chosen: the file as it is; nothing else is faster." }
        let weights = choice.weights == nil ? "the file as it is" : "weights in \(choice.format)"
        return "Chosen: \(weights)\(settings): \(gain) times as fast, mean KL \(number(choice.meanKL, decimals: 4))."
    }

    static func summary(_ format: TuningRecord.Format) -> String {
        guard let gain = format.gain, let distance = format.distance else { return format.verdict ?? "" }
        let figures = "gain \(number(gain, decimals: 2)), mean KL \(number(distance.meanKL, decimals: 4))"
        return format.verdict.map { "\(figures): \($0)" } ?? figures
    }

    static func summary(_ trial: TuningRecord.Trial) -> String {
        trial.gain.map { "gain \(number($0, decimals: 2)), \(outcome(trial))" } ?? outcome(trial)
    }

    private static func outcome(_ trial: TuningRecord.Trial) -> String {
        trial.isAdopted ? "adopted" : trial.note ?? "not adopted"
    }

    static func number(_ value: Double?, decimals: Int = 0) -> String {
        value.map { String(format: "%.\(decimals)f", $0) } ?? "-"
    }

    /// Numbers to the right, the first and the last column to the left.
    static func table(_ rows: [[String]]) -> String {
        let columns = rows[0].indices
        let widths = columns.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            columns.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                return column == 0 || column == columns.last ? row[column] + space : space + row[column]
            }
            .joined(separator: "  ").trimmingSuffix()
        }
        .joined(separator: "\n")
    }
}

extension String {
    fileprivate func trimmingSuffix() -> String {
        var rest = self[...]
        while rest.last == " " { rest.removeLast() }
        return String(rest)
    }
}
