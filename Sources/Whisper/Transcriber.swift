internal import Foundation
package import RuntimeSupport

/// What comes of a transcription; dropping it ends the work.
package typealias TranscriptionStream = BoundedChannel<TranscriptionEvent>.Reader

/// Transcribes with one model: some sounds at once, turn by turn, the others behind them.
///
/// Each has a thread of its own, and a seat at the arbiter of the cores: it gives way to others in the middle of what it computes.
package final class Transcriber: Sendable {
    private struct Job: Sendable {
        let sound: @Sendable (AbortFlag) throws(WhisperError) -> [Float]
        let options: TranscriptionOptions
        let channel: BoundedChannel<TranscriptionEvent>
        let abort: AbortFlag
        /// Of the thread, while it computes.
        let heartbeat = Heartbeat()
    }

    /// What a thread keeps from one sound to the next.
    private final class Tools {
        private var made: VoiceDetector?

        /// Made when it is first needed.
        func detector() throws(WhisperError) -> VoiceDetector {
            if let made { return made }
            let new = try VoiceDetector()
            made = new
            return new
        }
    }

    private struct State {
        var waiting: [Job] = []
        var running: [Job] = []
        var threads = 0
        var isStopping = false
    }

    /// Of the sound that it takes, in Hz.
    package static let sampleRate = 16_000

    /// Of the cores' time, beside a chat's 1.
    private static let weight = 0.5

    /// Segments that a reader may be behind; a sound has not many more.
    private static let channelCapacity = 1024

    package let model: WhisperModel
    private let threads: Int
    private let atOnce: Int
    private let maxWaiting: Int
    private let pace: @Sendable (PacePoint) -> Bool
    private let cores: CoreArbiter
    private let state = Guarded(State())
    private let arrival = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - model: What it transcribes with.
    ///   - threads: That compute one transcription.
    ///   - atOnce: How many take turns; each has memory of its own.
    ///   - maxWaiting: How many may wait behind them before one more is refused.
    ///   - cores: Whom it takes turns with.
    ///   - pace: Asked on the computing thread, before and within what it computes; it may block, and end a transcription.
    package init(
        model: WhisperModel,
        threads: Int,
        atOnce: Int,
        maxWaiting: Int,
        cores: CoreArbiter = CoreArbiter(),
        pace: @escaping @Sendable (PacePoint) -> Bool = { _ in true }
    ) {
        self.model = model
        self.threads = threads
        self.atOnce = atOnce
        self.maxWaiting = maxWaiting
        self.cores = cores
        self.pace = pace
    }

    /// How many transcriptions run, and how many wait.
    package var load: (running: Int, waiting: Int) {
        state.withLock { ($0.running.count, $0.waiting.count) }
    }

    /// How long the one that has been silent for longest has given no sign; zero while none computes.
    ///
    /// They give signs between the operations of a graph, and none is expected while it is another's turn.
    package var silence: Duration {
        state.withLock { $0.running.map(\.heartbeat.silence).max() ?? .zero }
    }

    /// Takes a sound.
    ///
    /// - Parameters:
    ///   - samples: At 16 kHz, one channel, from −1 to 1.
    ///   - options: How it is transcribed.
    /// - Returns: What comes of it.
    /// - Throws: Where too many wait, the engine stops, or the model can't do what is asked for.
    package func submit(_ samples: [Float], _ options: TranscriptionOptions) throws(WhisperError) -> TranscriptionStream
    {
        try submit(options) { _ in samples }
    }

    /// Takes a sound that is made when its turn comes, so that those who wait hold no samples.
    ///
    /// - Parameters:
    ///   - options: How it is transcribed.
    ///   - sound: Gives the samples, on the computing thread; the flag is raised where nobody waits for them any more.
    /// - Returns: What comes of it.
    /// - Throws: As the other.
    package func submit(
        _ options: TranscriptionOptions,
        sound: @escaping @Sendable (AbortFlag) throws(WhisperError) -> [Float]
    ) throws(WhisperError) -> TranscriptionStream {
        if !model.information.isMultilingual, let language = options.language, language != .english {
            throw WhisperError(.invalidArgument, "this model knows English alone")
        }
        let abort = AbortFlag()
        let channel = BoundedChannel<TranscriptionEvent>(
            capacity: Self.channelCapacity,
            onAbandoned: { [weak self] in
                abort.raise()
                self?.forget(abort)
            }
        )
        let job = Job(sound: sound, options: options, channel: channel, abort: abort)
        let refusal = state.withLock { state -> WhisperError? in
            if state.isStopping { return .stopping }
            guard state.waiting.count < maxWaiting else { return .queueFull(state.waiting.count) }
            state.waiting.append(job)
            if state.threads < atOnce, state.threads < state.running.count + state.waiting.count {
                state.threads += 1
                start()
            }
            return nil
        }
        if let refusal { throw refusal }
        arrival.signal()
        return channel.makeReader()
    }

    /// Ends all that is under way, and the threads; returns when they have ended.
    package func stop() async {
        let (waiting, count) = state.withLock { state in
            state.isStopping = true
            state.running.forEach { $0.abort.raise() }
            defer { state.waiting = [] }
            return (state.waiting, state.threads)
        }
        for job in waiting { job.channel.finish(with: .failed(.stopping)) }
        for _ in 0..<count { arrival.signal() }
        try? await onThread("whisper-stop") { [ended] in for _ in 0..<count { ended.wait() } }
    }

    /// One that waits and that nobody reads any more.
    private func forget(_ abort: AbortFlag) {
        state.withLock { $0.waiting.removeAll { $0.abort === abort } }
    }

    private func start() {
        let thread = Thread { [self] in
            let tools = Tools()
            while let job = next() {
                work(on: job, with: tools)
                state.withLock { $0.running.removeAll { $0.abort === job.abort } }
            }
            ended.signal()
        }
        thread.name = "whisper"
        // Native code keeps graphs and regular expressions on the stack.
        thread.stackSize = 16 << 20
        thread.start()
    }

    /// The next sound, or nil when the thread is to end.
    private func next() -> Job? {
        while true {
            arrival.wait()
            let (job, isOver) = state.withLock { state -> (Job?, Bool) in
                guard !state.isStopping else { return (nil, true) }
                // Those that left while they waited have left a signal behind.
                guard !state.waiting.isEmpty else { return (nil, false) }
                let job = state.waiting.removeFirst()
                job.heartbeat.rest()
                state.running.append(job)
                return (job, false)
            }
            if isOver { return nil }
            if let job { return job }
        }
    }

    private func work(on job: Job, with tools: Tools) {
        let isStopping = { [state] in state.withLock { $0.isStopping } }
        do throws(WhisperError) {
            let samples = try job.sound(job.abort)
            let seat = cores.makeSeat(weight: Self.weight)
            let run = TranscriptionRun(
                model: model,
                samples: samples,
                options: job.options,
                threads: threads,
                detector: tools.detector,
                pace: { [pace] point in
                    guard !job.abort.isRaised else { return false }
                    job.heartbeat.rest()
                    seat.pause()
                    job.heartbeat.beat()
                    return pace(point) && !job.abort.isRaised
                },
                segment: { job.channel.send(.segment($0)) }
            )
            defer { seat.rest() }
            job.channel.finish(with: .finished(try seat.transcribe(run)))
        } catch {
            let isOurs = error.code == .ended && isStopping()
            if error.code != .ended, error.code != .badSound { Log("whisper").warning(error.description) }
            job.channel.finish(with: .failed(isOurs ? .stopping : error))
        }
    }
}

extension CoreArbiter.Seat {
    /// Runs a transcription in one turn, which pauses where others have something to do.
    fileprivate func transcribe(_ run: TranscriptionRun) throws(WhisperError) -> TranscriptionSummary {
        let result: Result<TranscriptionSummary, WhisperError> = turn {
            do throws(WhisperError) { return .success(try run.transcribe()) } catch { return .failure(error) }
        }
        return try result.get()
    }
}

extension WhisperError {
    static let stopping = WhisperError(.stopping, "the server is stopping")

    static func queueFull(_ count: Int) -> WhisperError {
        WhisperError(.queueFull(retryAfterSeconds: 1 + count), "\(count) requests for transcriptions wait")
    }
}
