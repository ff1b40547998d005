/// What runs, what waits, and what each sequence holds, at one moment; no content of prompts or answers.
package struct SchedulerSnapshot: Sendable, Equatable {
    /// A request that was admitted and has not ended.
    package struct Request: Sendable, Equatable {
        package enum State: String, Sendable {
            case waiting, prefill, decode, paused
            /// Waits to go on, its state saved.
            case setBack = "set_back"
        }

        package let id: RequestID
        package let state: State
        /// The sequence that it holds; nil while it waits.
        package let sequence: SequenceID?
        /// How much of the prompt is in memory, the cached part included; a media item counts as one.
        package let computed: Int
        /// How many of the prompt's tokens were in the KV cache already.
        package let cached: Int
        package let generated: Int
    }

    /// One of the backend's sequences.
    package struct Sequence: Sendable, Equatable {
        package let id: SequenceID
        /// Whose content it is.
        package let owner: Owner
        /// Who uses it; nil where what it holds is only kept for later.
        package let user: RequestID?
        /// How much it holds; a media item counts as one.
        package let tokens: Int
    }

    /// Running ones first, oldest first.
    package var requests: [Request] = []
    package var sequences: [Sequence] = []
}

extension Scheduler {
    /// What it holds now, as a plain value.
    package var snapshot: SchedulerSnapshot {
        var requests = running.map { request in
            SchedulerSnapshot.Request(
                id: request.id,
                state: request.isPaused ? .paused : request.isDecoding ? .decode : .prefill,
                sequence: request.sequence,
                computed: min(request.done, request.generation.prompt.count),
                cached: request.usage.cached,
                generated: request.usage.generated
            )
        }
        requests += waiting.map { .waiting($0.id, $0.progress?.usage) }
        requests += embeddings.map { .embedding($0) }
        return SchedulerSnapshot(
            requests: requests,
            sequences: slots.map {
                SchedulerSnapshot.Sequence(id: $0.id, owner: $0.owner, user: $0.user, tokens: $0.items.count)
            }
        )
    }
}

extension SchedulerSnapshot.Request {
    /// One whose texts are embedded, as many as fit in a step.
    fileprivate static func embedding(_ request: WaitingEmbedding) -> Self {
        let isBegun = request.open.count < request.texts.count
        return Self(
            id: request.id,
            state: isBegun ? .prefill : .waiting,
            sequence: nil,
            computed: request.texts.reduce(0) { $0 + $1.count } - request.openTokens,
            cached: 0,
            generated: 0
        )
    }

    /// One that waits; with the usage up to now where it was set back.
    fileprivate static func waiting(_ id: RequestID, _ usage: TokenUsage?) -> Self {
        Self(
            id: id,
            state: usage == nil ? .waiting : .setBack,
            sequence: nil,
            computed: 0,
            cached: usage?.cached ?? 0,
            generated: usage?.generated ?? 0
        )
    }
}
