import Llama
import RuntimeSupport
import Speech
import WireFormat

/// What an engine of speech tells of itself, without being waited for.
struct SpeechReport: Sendable {
    let name: String
    let metrics: SpeechMetrics
    /// How often its process was started again.
    let restarts: UInt64
}

extension SpeechService {
    /// What speaks here.
    var reports: [SpeechReport] { (try? eSpeak.get().report()).map { [$0] } ?? [] }
}

extension ModelCatalog {
    /// Neural models, loaded or not.
    var speechReports: [SpeechReport] {
        models.filter { $0.kind == .speech }.map { model in
            SpeechReport(name: model.id, metrics: model.speechBoard.withLock { $0 }, restarts: 0)
        }
    }
}

extension MetricsText {
    /// Adds what was spoken.
    mutating func add(_ reports: [SpeechReport], prefix: String) {
        let engines = reports.map { (labels: [("engine", $0.name)] as Labels, report: $0) }
        histogram(
            prefix + "speech_first_sound_seconds",
            "From the arrival of an utterance to its first sound.",
            engines.map { labels, report in
                let value = report.metrics.firstSoundSeconds
                return (labels, value.bounds, value.counts, value.sum)
            }
        )
        counter(
            prefix + "speech_utterances_total",
            "Texts of requests, and sentences of spoken chats, by how they ended; rejected ones found the queue full (429).",
            engines.flatMap { labels, report in
                SpeechMetrics.Outcome.allCases.map { outcome in
                    (labels + [("outcome", outcome.rawValue)], report.metrics.outcomes[outcome] ?? 0)
                }
            }
        )
        counter(
            prefix + "speech_seconds_total",
            "Seconds of sound that were made.",
            engines.map { ($0.labels, UInt64($0.report.metrics.seconds)) }
        )
        counter(
            prefix + "speech_worker_restarts_total",
            "How often the process that speaks was started again.",
            engines.map { ($0.labels, $0.report.restarts) }
        )
    }
}
