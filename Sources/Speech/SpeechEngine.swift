package import RuntimeSupport

/// What is to be spoken, by whom.
package struct Utterance: Sendable {
    /// A piece of text and the voice that speaks it.
    package struct Part: Sendable {
        package let piece: SpeechPiece
        package let voice: SynthesizerVoice

        package init(_ piece: SpeechPiece, _ voice: SynthesizerVoice) {
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

/// Speaks utterances on a thread of its own: one piece of one of them at a time, in turn.
///
/// A reader that is behind pauses its utterance alone; one that goes away ends it, between two parts of sound.
package actor SpeechEngine {
    private struct Task {
        let utterance: Utterance
        let channel: BoundedChannel<SpeechEvent>
        var next = 0
    }

    /// How many parts of sound an utterance may be ahead of its reader: some ten seconds, and the piece under way.
    private static let channelCapacity = 256

    package nonisolated let sampleRate: Int
    private nonisolated let executor: ThreadExecutor
    private let synthesizer: any SpeechSynthesizer
    private let maxWaiting: Int

    private var tasks: [UInt64: Task] = [:]
    /// Whose turn comes when; those whose reader is behind are in none.
    private var turns: [UInt64] = []
    private var nextID: UInt64 = 0
    private var isPumping = false
    private var isClosed = false

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - synthesizer: Used on the engine's thread alone from now on.
    ///   - maxWaiting: How many utterances may be under way before one more is refused.
    package init(_ synthesizer: sending any SpeechSynthesizer, maxWaiting: Int) {
        sampleRate = synthesizer.sampleRate
        self.synthesizer = synthesizer
        self.maxWaiting = maxWaiting
        executor = ThreadExecutor(name: "speech", heartbeat: Heartbeat())
    }

    /// How many utterances are under way.
    package var count: Int { tasks.count }

    /// Takes an utterance.
    ///
    /// - Throws: Where too many are under way, or the engine stops.
    package func submit(_ utterance: Utterance) throws(SpeechError) -> SpeechStream {
        guard isClosed || tasks.count < maxWaiting else {
            throw SpeechError(
                .queueFull(retryAfterSeconds: 1 + tasks.count / 32),
                "\(tasks.count) requests for speech are under way"
            )
        }
        return try submitAdmitted(utterance)
    }

    /// Takes an utterance however many are under way: its caller sees to it that they are not too many.
    ///
    /// - Throws: Where the engine stops.
    package func submitAdmitted(_ utterance: Utterance) throws(SpeechError) -> SpeechStream {
        guard !isClosed else { throw .stopping }
        nextID += 1
        let id = nextID
        let channel = BoundedChannel<SpeechEvent>(
            capacity: Self.channelCapacity,
            onRoom: { [weak self] in self?.later { $0.resume(id) } },
            onAbandoned: { [weak self] in self?.later { $0.remove(id) } }
        )
        tasks[id] = Task(utterance: utterance, channel: channel)
        turns.append(id)
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
        for task in tasks.values { task.channel.finish(with: .failed(.stopping)) }
        tasks = [:]
        turns = []
    }

    private nonisolated func later(_ body: @escaping @Sendable (isolated SpeechEngine) -> Void) {
        executor.async { self.assumeIsolated(body) }
    }

    private func resume(_ id: UInt64) {
        guard tasks[id] != nil, !turns.contains(id) else { return }
        turns.append(id)
        schedulePump()
    }

    private func remove(_ id: UInt64) {
        tasks[id] = nil
        turns.removeAll { $0 == id }
    }

    /// Has the next piece spoken behind all that has arrived meanwhile.
    private func schedulePump() {
        guard !isPumping, !turns.isEmpty else { return }
        isPumping = true
        later { engine in
            engine.isPumping = false
            engine.speakNext()
            engine.schedulePump()
        }
    }

    /// Speaks one piece of the utterance whose turn it is.
    private func speakNext() {
        guard !turns.isEmpty else { return }
        let id = turns.removeFirst()
        guard let task = tasks[id] else { return }
        guard task.next < task.utterance.parts.count else { return finish(id, .finished) }
        tasks[id]?.next += 1
        let part = task.utterance.parts[task.next]
        var room = BoundedChannel<SpeechEvent>.Room.available
        do throws(SpeechError) {
            try synthesizer.speak(part.piece.text, as: part.voice) { samples in
                if samples.isEmpty { return true }
                room = task.channel.send(.sound(samples))
                return room != .abandoned
            }
        } catch {
            return finish(id, .failed(error))
        }
        if room != .abandoned { room = task.channel.send(.pieceEnd(pause: part.piece.pause)) }
        switch room {
        case .available: turns.append(id)
        // Its reader calls for more.
        case .full: break
        case .abandoned: remove(id)
        }
    }

    private func finish(_ id: UInt64, _ event: SpeechEvent) {
        tasks.removeValue(forKey: id)?.channel.finish(with: event)
    }
}

extension SpeechError {
    fileprivate static let stopping = SpeechError(.stopping, "the server is stopping")
}
