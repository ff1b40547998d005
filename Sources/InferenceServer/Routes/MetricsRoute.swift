import HTTP
import RuntimeSupport
import Scheduling
import WireFormat

extension Routes {
    /// Answers `GET /metrics`: Prometheus's text format.
    ///
    /// Sums over everybody; read without waiting for a step.
    func metrics(_ request: HTTPRequest) async throws -> HTTPResponse {
        var headers = HTTPHeaders()
        headers["Content-Type"] = MetricsText.contentType
        let text = MetricsText(
            catalog,
            speech.reports + catalog.speechReports,
            residentBytes: ProcessMemory.residentBytes
        ).text
        return HTTPResponse(headers: headers, body: .bytes(Array(text.utf8)))
    }
}

extension MetricsText {
    private static let prefix = "inference_server_"

    fileprivate init(_ catalog: ModelCatalog, _ speech: [SpeechReport], residentBytes: UInt64?) {
        self.init()
        let reports = catalog.models.map { (labels: [("model", $0.id)] as Labels, $0.board.withLock { $0 }) }
        let histograms: [(String, String, KeyPath<EngineMetrics, Histogram>)] = [
            ("request_queue_seconds", "From admission to the first step for a request.", \.queueSeconds),
            ("time_to_first_token_seconds", "From admission to the first token.", \.firstTokenSeconds),
            ("inter_token_seconds", "Between two tokens of one answer.", \.tokenGapSeconds),
            ("step_seconds", "Duration of a step.", \.stepSeconds),
            ("draft_step_seconds", "Duration of a step of the draft model.", \.draftStepSeconds),
            ("step_sequences", "Sequences in a step.", \.stepSequences),
            ("step_tokens", "Tokens in a step.", \.stepTokens),
        ]
        for (name, help, path) in histograms {
            histogram(
                Self.prefix + name,
                help,
                reports.map { labels, report in
                    let value = report.metrics[keyPath: path]
                    return (labels, value.bounds, value.counts, value.sum)
                }
            )
        }
        let counters: [(String, String, KeyPath<EngineMetrics, UInt64>)] = [
            ("prompt_tokens_total", "Prompt tokens, those from the KV cache included.", \.promptTokens),
            ("cached_prompt_tokens_total", "Prompt tokens that were in the KV cache.", \.cachedPromptTokens),
            ("generated_tokens_total", "Generated tokens.", \.generatedTokens),
            ("encoded_media_total", "Images and sounds, or pieces of them, that were encoded.", \.encodedMedia.count),
            ("encoded_media_tokens_total", "Tokens of encoded images and sounds.", \.encodedMedia.tokens),
        ]
        for (name, help, path) in counters {
            counter(Self.prefix + name, help, reports.map { ($0.labels, $0.1.metrics[keyPath: path]) })
        }
        let drafts: [(String, String, KeyPath<DraftCounts, [DraftSource: UInt64]>)] = [
            ("draft_tokens_total", "Tokens guessed ahead, by where the guess came from.", \.drafted),
            ("accepted_draft_tokens_total", "Guesses that were right, by where they came from.", \.accepted),
        ]
        for (name, help, path) in drafts {
            counter(
                Self.prefix + name,
                help,
                reports.flatMap { labels, report in
                    DraftSource.allCases.map { source in
                        (labels + [("source", source.rawValue)], report.metrics.drafts[keyPath: path][source] ?? 0)
                    }
                }
            )
        }
        counter(
            Self.prefix + "requests_total",
            "Requests by how they ended; rejected ones found the queue full (429).",
            reports.flatMap { labels, report in
                EngineMetrics.Outcome.allCases.map { outcome in
                    (labels + [("outcome", outcome.rawValue)], report.metrics.requests(outcome))
                }
            }
        )
        let states: [(String, String, KeyPath<Scheduler.Counts, Int>)] = [
            ("requests_waiting", "Requests in the queue.", \.waiting),
            ("requests_running", "Requests that hold a sequence.", \.running),
            ("requests_paused", "Running requests whose reader does not read.", \.paused),
        ]
        for (name, help, path) in states {
            gauge(Self.prefix + name, help, reports.map { ($0.labels, UInt64($0.1.counts[keyPath: path])) })
        }
        gauge(
            Self.prefix + "model_loaded",
            "1 where the model is in memory.",
            catalog.models.map { ([("model", $0.id)], catalog.status(of: $0) == "loaded" ? 1 : 0) }
        )
        let transcribers = catalog.transcribers.map { file in
            (labels: [("model", file.id)] as Labels, file: file, counts: file.board.withLock { $0 })
        }
        counter(
            Self.prefix + "transcriptions_total",
            "Requests for transcriptions by how they ended; rejected ones found the queue full (429).",
            transcribers.flatMap { labels, _, counts in
                TranscriptionCounts.Outcome.allCases.map { outcome in
                    (labels + [("outcome", outcome.rawValue)], counts.requests[outcome] ?? 0)
                }
            }
        )
        counter(
            Self.prefix + "transcribed_seconds_total",
            "Seconds of sound that were transcribed to their end.",
            transcribers.map { ($0.labels, UInt64($0.counts.seconds)) }
        )
        for (name, help, path) in [
            ("transcriptions_running", "Transcriptions that take turns.", \TranscriptionLoad.running),
            ("transcriptions_waiting", "Transcriptions in the queue.", \TranscriptionLoad.waiting),
        ] {
            gauge(
                Self.prefix + name,
                help,
                transcribers.map { ($0.labels, UInt64(catalog.load(of: $0.file)[keyPath: path])) }
            )
        }
        gauge(
            Self.prefix + "transcription_model_loaded",
            "1 where the model is in memory.",
            transcribers.map { ($0.labels, catalog.status(of: $0.file.id) == "loaded" ? 1 : 0) }
        )
        add(speech, prefix: Self.prefix)
        if let residentBytes {
            gauge("process_resident_memory_bytes", "Resident memory size in bytes.", [([], residentBytes)])
        }
    }
}
