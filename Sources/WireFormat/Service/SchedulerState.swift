/// What runs and what waits, as `GET /v1/internal/scheduler` tells it; no content of prompts or answers.
package struct SchedulerState: JSONRepresentable, Sendable {
    /// A request that has not ended.
    package struct Request: Sendable {
        /// Of its model's engine; unique while the model is loaded.
        package let id: UInt64
        package let state: String
        /// Nil while it waits.
        package let sequence: Int?
        package let promptTokens: Int
        package let computedTokens: Int
        package let cachedTokens: Int
        package let generatedTokens: Int
        package let ageSeconds: Double

        package init(
            id: UInt64,
            state: String,
            sequence: Int?,
            promptTokens: Int,
            computedTokens: Int,
            cachedTokens: Int,
            generatedTokens: Int,
            ageSeconds: Double
        ) {
            self.id = id
            self.state = state
            self.sequence = sequence
            self.promptTokens = promptTokens
            self.computedTokens = computedTokens
            self.cachedTokens = cachedTokens
            self.generatedTokens = generatedTokens
            self.ageSeconds = ageSeconds
        }
    }

    /// A sequence whose content is the caller's.
    package struct Sequence: Sendable {
        package let id: Int
        package let tokens: Int
        /// The request that uses it; nil where its content is kept for later.
        package let request: UInt64?

        package init(id: Int, tokens: Int, request: UInt64?) {
            self.id = id
            self.tokens = tokens
            self.request = request
        }
    }

    /// Tokens that were guessed ahead from one source, and how many of them were right.
    package struct Drafts: Sendable {
        package let source: String
        package let drafted: UInt64
        package let accepted: UInt64

        package init(source: String, drafted: UInt64, accepted: UInt64) {
            self.source = source
            self.drafted = drafted
            self.accepted = accepted
        }
    }

    /// One model, with what the caller may see of it.
    package struct Model: Sendable {
        package let id: String
        package let status: String
        package let waiting: Int
        package let running: Int
        package let paused: Int
        package let sequenceCount: Int
        package let drafts: [Drafts]
        package let requests: [Request]
        package let sequences: [Sequence]

        package init(
            id: String,
            status: String,
            waiting: Int,
            running: Int,
            paused: Int,
            sequenceCount: Int,
            drafts: [Drafts],
            requests: [Request],
            sequences: [Sequence]
        ) {
            self.id = id
            self.status = status
            self.waiting = waiting
            self.running = running
            self.paused = paused
            self.sequenceCount = sequenceCount
            self.drafts = drafts
            self.requests = requests
            self.sequences = sequences
        }
    }

    package let models: [Model]

    package init(models: [Model]) { self.models = models }

    package var json: JSONValue { ["object": "scheduler", "models": .array(models.map(\.json))] }
}

extension SchedulerState.Model {
    fileprivate var json: JSONValue {
        [
            "id": .string(id),
            "status": .string(status),
            "counts": [
                "waiting": JSONValue(waiting), "running": JSONValue(running), "paused": JSONValue(paused),
                "sequences": JSONValue(sequenceCount),
            ],
            "drafts": .array(drafts.map(\.json)),
            "requests": .array(requests.map(\.json)),
            "sequences": .array(sequences.map(\.json)),
        ]
    }
}

extension SchedulerState.Drafts {
    fileprivate var json: JSONValue {
        [
            "source": .string(source), "drafted_tokens": JSONValue(Int(clamping: drafted)),
            "accepted_tokens": JSONValue(Int(clamping: accepted)),
        ]
    }
}

extension SchedulerState.Request {
    fileprivate var json: JSONValue {
        [
            "id": JSONValue(Int(clamping: id)),
            "state": .string(state),
            "sequence": JSONValue(sequence),
            "prompt_tokens": JSONValue(promptTokens),
            "computed_tokens": JSONValue(computedTokens),
            "cached_tokens": JSONValue(cachedTokens),
            "generated_tokens": JSONValue(generatedTokens),
            "age_seconds": .number((ageSeconds * 1000).rounded() / 1000),
        ]
    }
}

extension SchedulerState.Sequence {
    fileprivate var json: JSONValue {
        [
            "id": JSONValue(id), "tokens": JSONValue(tokens),
            "request": JSONValue(request.map { Int(clamping: $0) }),
        ]
    }
}
