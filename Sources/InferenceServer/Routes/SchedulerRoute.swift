import HTTP
import RuntimeSupport
import Scheduling
import WireFormat

extension Routes {
    /// Answers `GET /v1/internal/scheduler`: what runs and what waits, as of the last step.
    ///
    /// The caller's own requests in detail; of the others, how many there are.
    func scheduler(_ request: HTTPRequest) async throws -> HTTPResponse {
        let caller = Owner(request.principal)
        let now = ContinuousClock.now
        return .json(
            SchedulerState(
                models: catalog.models.map { model in
                    let report = model.board.withLock { $0 }
                    return SchedulerState.Model(
                        report,
                        id: model.id,
                        status: catalog.status(of: model),
                        caller: caller,
                        now: now
                    )
                }
            )
        )
    }
}

extension SchedulerState.Model {
    fileprivate init(
        _ report: EngineReport,
        id: String,
        status: String,
        caller: Owner,
        now: ContinuousClock.Instant
    ) {
        self.init(
            id: id,
            status: status,
            waiting: report.counts.waiting,
            running: report.counts.running,
            paused: report.counts.paused,
            sequenceCount: report.sequences.count,
            drafts: DraftSource.allCases.map { source in
                SchedulerState.Drafts(
                    source: source.rawValue,
                    drafted: report.metrics.drafts.drafted[source] ?? 0,
                    accepted: report.metrics.drafts.accepted[source] ?? 0
                )
            },
            requests: report.requests.filter { $0.owner == caller }.map { request in
                SchedulerState.Request(
                    id: request.state.id.rawValue,
                    state: request.state.state.rawValue,
                    sequence: request.state.sequence.map { Int($0.rawValue) },
                    promptTokens: request.promptTokens,
                    computedTokens: request.state.computed,
                    cachedTokens: request.state.cached,
                    generatedTokens: request.state.generated,
                    ageSeconds: (now - request.admitted) / .seconds(1)
                )
            },
            sequences: report.sequences.filter { $0.owner == caller && $0.tokens > 0 }.map { sequence in
                SchedulerState.Sequence(
                    id: Int(sequence.id.rawValue),
                    tokens: sequence.tokens,
                    request: sequence.user?.rawValue
                )
            }
        )
    }
}
