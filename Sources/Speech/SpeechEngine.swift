package import RuntimeSupport

/// What is to be spoken, by whom, in the terms of what speaks.
package struct Utterance<Voice: Sendable>: Sendable {
    /// A piece of text and the voice that speaks it.
    package struct Part: Sendable {
        package let piece: SpeechPiece
        package let voice: Voice

        package init(_ piece: SpeechPiece, _ voice: Voice) {
            self.piece = piece
            self.voice = voice
        }
    }

    package let parts: [Part]

    package init(_ parts: [Part]) { self.parts = parts }
}

/// What comes of an utterance, in order; it ends with `finished` or `failed`.
package enum SpeechEvent: Sendable, Equatable {
    /// The next sound.
    case sound([Int16])
    /// A piece has been spoken; behind it there is to be a silence.
    case pieceEnd(pause: Duration)
    case finished
    case failed(SpeechError)
}

/// The sound of an utterance as it is made; dropping it ends the work.
package typealias SpeechStream = BoundedChannel<SpeechEvent>.Reader

/// Speaks utterances on a thread of its own, in turns: one step of one piece at a time, as `SpeechTurns` has it.
///
/// A reader that is behind pauses its utterance alone, behind the piece under way; one that goes away ends it, between two parts of
/// sound.
package actor SpeechEngine<Synthesizer: SpeechSynthesizer> {
    private struct Job {
        let utterance: Utterance<Synthesizer.Voice>
        let channel: BoundedChannel<SpeechEvent>
        /// When it came, until its first sound.
        var arrival: ContinuousClock.Instant?
        /// The place of the next part.
        var next = 0
        /// The piece under way, and the silence behind it.
        var work: (piece: Synthesizer.Piece, pause: Duration)?
    }

    /// How many parts of sound an utterance may be ahead of its reader: some ten seconds, and the piece under way.
    private static var channelCapacity: Int { 256 }

    package nonisolated let sampleRate: Int
    /// What was spoken so far.
    package nonisolated let board: SpeechBoard
    /// Of its thread.
    package nonisolated let heartbeat = Heartbeat()
    private nonisolated let executor: ThreadExecutor
    private let synthesizer: Synthesizer
    private let maxWaiting: Int
    private let seat: CoreArbiter.Seat?

    private var jobs: [UInt64: Job] = [:]
    /// Those whose reader is behind are in none.
    private var turns: SpeechTurns
    private var nextID: UInt64 = 0
    private var isPumping = false
    private var isClosed = false

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - synthesizer: Used on the engine's thread alone from now on.
    ///   - maxWaiting: How many utterances may be under way before one more is refused.
    ///   - seat: Its place among those that share the cores, of one that computes on all of them: steps wait for its turns.
    ///   - board: Where it counts; what is there is added to.
    package init(
        _ synthesizer: sending Synthesizer,
        maxWaiting: Int,
        seat: CoreArbiter.Seat? = nil,
        board: SpeechBoard = SpeechBoard(SpeechMetrics())
    ) {
        self.board = board
        sampleRate = synthesizer.sampleRate
        turns = SpeechTurns(capacity: synthesizer.capacity)
        self.synthesizer = synthesizer
        self.maxWaiting = maxWaiting
        self.seat = seat
        executor = ThreadExecutor(name: "speech", heartbeat: heartbeat)
    }

    /// How many utterances are under way.
    package var count: Int { jobs.count }

    /// Takes an utterance.
    ///
    /// - Throws: Where too many are under way, or the engine stops.
    package func submit(_ utterance: Utterance<Synthesizer.Voice>) throws(SpeechError) -> SpeechStream {
        guard isClosed || jobs.count < maxWaiting else {
            board.withLock { $0.count(.rejected) }
            throw SpeechError(
                .queueFull(retryAfterSeconds: 1 + jobs.count / 32),
                "\(jobs.count) requests for speech are under way"
            )
        }
        return try submitAdmitted(utterance)
    }

    /// Takes an utterance however many are under way: its caller sees to it that they are not too many.
    ///
    /// - Throws: Where the engine stops.
    package func submitAdmitted(_ utterance: Utterance<Synthesizer.Voice>) throws(SpeechError) -> SpeechStream {
        guard !isClosed else { throw .stopping }
        nextID += 1
        let id = nextID
        let channel = BoundedChannel<SpeechEvent>(
            capacity: Self.channelCapacity,
            onRoom: { [weak self] in self?.later { $0.resume(id) } },
            onAbandoned: { [weak self] in self?.later { $0.abandon(id) } }
        )
        jobs[id] = Job(utterance: utterance, channel: channel, arrival: .now)
        turns.join(id)
        schedulePump()
        return channel.makeReader()
    }

    /// Ends all that is under way, and the thread.
    ///
    /// Must not be called from the engine's own thread.
    package nonisolated func stop() async {
        await endAll()
        executor.stop()
    }

    private func endAll() {
        isClosed = true
        for job in jobs.values { job.channel.finish(with: .failed(.stopping)) }
        for id in jobs.keys { remove(id) }
    }

    private nonisolated func later(_ body: @escaping @Sendable (isolated SpeechEngine) -> Void) {
        executor.async { self.assumeIsolated(body) }
    }

    private func resume(_ id: UInt64) {
        guard jobs[id] != nil else { return }
        turns.join(id)
        schedulePump()
    }

    /// Ends an utterance whose reader has gone.
    private func abandon(_ id: UInt64) {
        guard jobs[id] != nil else { return }
        board.withLock { $0.count(.cancelled) }
        remove(id)
    }

    private func remove(_ id: UInt64) {
        jobs[id] = nil
        turns.leave(id)
    }

    /// Has the next step done behind all that has arrived meanwhile.
    private func schedulePump() {
        guard !isPumping, !turns.isEmpty else { return }
        isPumping = true
        later { engine in
            engine.isPumping = false
            // While it waits for its turn, it is another's, who has a heart of its own.
            if engine.seat != nil { engine.heartbeat.rest() }
            engine.seat.turn {
                engine.heartbeat.beat()
                engine.takeTurn()
            }
            if engine.turns.isEmpty { engine.seat?.rest() }
            engine.schedulePump()
        }
    }

    /// Does one step for the utterance whose turn it is.
    private func takeTurn() {
        guard let turn = turns.next() else { return }
        let id: UInt64
        switch turn {
        case .begin(let first):
            id = first
            guard let job = jobs[id] else { return turns.leave(id) }
            guard job.next < job.utterance.parts.count else { return finish(id, .finished) }
            let part = job.utterance.parts[job.next]
            jobs[id]?.next += 1
            do throws(SpeechError) {
                jobs[id]?.work = (try synthesizer.begin(part.piece.text, as: part.voice), part.piece.pause)
            } catch {
                return finish(id, .failed(error))
            }
        case .step(let next): id = next
        }
        step(id)
    }

    private func step(_ id: UInt64) {
        guard let job = jobs[id], let work = job.work else { return turns.leave(id) }
        var isWanted = true
        var hasMore = false
        do throws(SpeechError) {
            hasMore = try work.piece.step { samples in
                guard !samples.isEmpty else { return isWanted }
                note(samples.count, of: id)
                isWanted = job.channel.send(.sound(samples)) != .abandoned
                return isWanted
            }
        } catch {
            return finish(id, .failed(error))
        }
        guard isWanted else { return abandon(id) }
        if hasMore { return }
        jobs[id]?.work = nil
        turns.leave(id)
        switch job.channel.send(.pieceEnd(pause: work.pause)) {
        case .available: turns.join(id)
        // Its reader calls for more.
        case .full: break
        case .abandoned: abandon(id)
        }
    }

    /// Takes down sound that was made.
    private func note(_ samples: Int, of id: UInt64) {
        let arrival = jobs[id]?.arrival.take()
        let seconds = Double(samples) / Double(sampleRate)
        board.withLock { $0.add(seconds: seconds, wait: arrival?.duration(to: .now)) }
    }

    private func finish(_ id: UInt64, _ event: SpeechEvent) {
        board.withLock { $0.count(event == .finished ? .finished : .failed) }
        let channel = jobs[id]?.channel
        remove(id)
        channel?.finish(with: event)
    }
}

extension SpeechError {
    fileprivate static let stopping = SpeechError(.stopping, "the server is stopping")
}
