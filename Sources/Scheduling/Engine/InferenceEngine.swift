package import RuntimeSupport

/// Drives one backend: takes requests in, runs plan after plan on a thread of its own, and sends out what comes of them.
///
/// The actor's executor is the thread, so that a step, which blocks, holds up nothing but this actor. Between two steps
/// everything that has been enqueued meanwhile runs first: submissions, cancellations, readers that have made room.
package actor InferenceEngine {
    package nonisolated let limits: BackendLimits
    /// Beats with the thread; native code may beat it during long steps.
    package nonisolated let heartbeat: Heartbeat
    /// Holds a report as of the last step.
    package nonisolated let board: EngineBoard

    private nonisolated let executor: ThreadExecutor
    private nonisolated let monitor: StepMonitor
    private nonisolated let seat: CoreArbiter.Seat?
    let backend: any Backend
    private let channelCapacity: Int

    var scheduler: Scheduler
    private var channels: [RequestID: BoundedChannel<RequestEvent>] = [:]
    var recorder: EngineRecorder
    private var nextID: UInt64 = 0
    private var isPumping = false
    private(set) var isClosed = false
    private var drainWaiters: [CheckedContinuation<Void, Never>] = []
    /// Steps so far.
    private(set) var steps: UInt64 = 0
    /// Those who look again whenever nothing is left to do.
    var idleWaiters: [CheckedContinuation<Void, Never>] = []

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - name: The thread's name; at most 15 bytes.
    ///   - backend: Used on the engine's thread alone from now on.
    ///   - policy: The numbers that shape plans.
    ///   - costs: What is known already of how long steps take.
    ///   - draftCosts: And how long steps of the draft model do, for each guess.
    ///   - heartbeat: The one that the backend beats, if it beats one.
    ///   - abort: Raised when a step is to be cut off: when the engine stops, or everybody it works for has gone; the
    ///     backend's native code polls it.
    ///   - board: Where reports go; counting goes on from what it holds.
    ///   - seat: For the turns on the cores that steps take; nil where they need none.
    ///   - channelCapacity: How many tokens a request may be ahead of its reader before it is paused.
    package init(
        name: String,
        backend: sending any Backend,
        policy: SchedulingPolicy = SchedulingPolicy(),
        costs: StepCosts = StepCosts(),
        draftCosts: StepCosts = StepCosts(),
        heartbeat: Heartbeat = Heartbeat(),
        abort: AbortFlag = AbortFlag(),
        board: EngineBoard = EngineBoard(EngineReport()),
        seat: CoreArbiter.Seat? = nil,
        channelCapacity: Int = 128
    ) {
        limits = backend.limits
        scheduler = Scheduler(limits: backend.limits, policy: policy, costs: costs, draftCosts: draftCosts)
        self.backend = backend
        self.heartbeat = heartbeat
        self.board = board
        self.seat = seat
        recorder = EngineRecorder(board.withLock { $0.metrics })
        monitor = StepMonitor(abort: abort)
        self.channelCapacity = channelCapacity
        executor = ThreadExecutor(name: name, heartbeat: heartbeat)
    }

    /// Admits pieces of work, all or none, each as a request with a stream of its own, in the same order.
    ///
    /// A request ends with exactly one closing event; dropping its stream, or cancelling the task that reads it, ends it
    /// without one, and no step that begins after that works for it; a step that works for nobody else is cut off.
    ///
    /// - Throws: Why none was admitted.
    package func submit(
        _ works: [Work],
        owner: Owner = .anyone,
        priority: Priority = .interactive
    ) throws(SchedulingError) -> [RequestStream] {
        guard !isClosed else { throw SchedulingError(.stopping, "the server is stopping") }
        let requests = works.map { work in
            nextID += 1
            return Request(id: RequestID(rawValue: nextID), owner: owner, priority: priority, work: work)
        }
        do {
            try scheduler.admit(requests)
        } catch {
            if case .queueFull = error.code {
                recorder.rejected(requests.count)
                publish()
            }
            throw error
        }
        recorder.admitted(requests, at: .now)
        publish()
        defer { schedulePump() }
        return requests.map { open($0.id) }
    }

    /// How often a request gave way to others.
    package var setBacks: Int { scheduler.setBacks }

    /// How many requests wait, run, and are paused by a slow reader.
    package var counts: Scheduler.Counts { scheduler.counts }

    /// Refuses new requests from now on, and returns once those that were admitted have ended.
    package func drain() async {
        close()
        guard scheduler.hasRequests else { return }
        await withCheckedContinuation { drainWaiters.append($0) }
    }

    /// Refuses new requests from now on.
    package func close() {
        isClosed = true
        wakeIdle()
    }

    private func wakeIdle() {
        let waiters = idleWaiters
        idleWaiters = []
        waiters.forEach { $0.resume() }
    }

    /// Ends all that is left, the step under way included, and the thread.
    ///
    /// Requests that had not ended get `SchedulingError.stopping`. Must not be called from the engine's own thread.
    package nonisolated func stop() async {
        monitor.stop()
        await endAll()
        executor.stop()
    }

    private func endAll() {
        close()
        seat?.rest()
        for id in scheduler.requests {
            scheduler.cancel(id)
            let event = RequestEvent.failed(SchedulingError(.stopping, "the server is stopping"))
            recorder.delivered(event, to: id, at: .now)
            deliver(event, to: id)
        }
        publish()
        settle()
    }

    private func open(_ id: RequestID) -> RequestStream {
        let channel = BoundedChannel<RequestEvent>(
            capacity: channelCapacity,
            onRoom: { [weak self] in self?.enqueue { $0.resume(id) } },
            onAbandoned: { [weak self] in
                // In this order: the step that is cut off is followed by none that works for it.
                self?.enqueue { $0.cancel(id) }
                self?.monitor.left(id)
            }
        )
        channels[id] = channel
        return RequestStream(id: id, events: channel.makeReader())
    }

    private nonisolated func enqueue(_ body: @escaping @Sendable (isolated InferenceEngine) -> Void) {
        executor.async { self.assumeIsolated(body) }
    }

    private func resume(_ id: RequestID) {
        scheduler.resume(id)
        schedulePump()
    }

    private func cancel(_ id: RequestID) {
        scheduler.cancel(id)
        channels[id] = nil
        recorder.cancelled(id)
        // The sequence that is free now may be what others wait for.
        schedulePump()
    }

    func schedulePump() {
        guard !isPumping else { return }
        isPumping = true
        enqueue { $0.pump() }
    }

    /// One step, and the next one enqueued behind all that has arrived meanwhile.
    private func pump() {
        isPumping = false
        // While it waits for its turn, it is another's, who has a heart of its own.
        if scheduler.hasRequests, seat != nil { heartbeat.rest() }
        guard scheduler.hasRequests, let (plan, outcome, duration) = seat.turn(step) else {
            seat?.rest()
            publish()
            return settle()
        }
        let left = monitor.end()
        recorder.ended(plan, outcome, duration: duration)
        // Cut off because they left: for those who count, that is no failure.
        if case .aborted = outcome { left.forEach { recorder.cancelled($0) } }
        steps += 1
        tell(scheduler.commit(plan, outcome, duration: duration))
        schedulePump()
    }

    /// Plans a step and carries it out; nil where there is nothing to do.
    ///
    /// Planned when the turn has come: what was planned before might be long, and somebody's stream may have begun meanwhile.
    private func step() -> (plan: BatchPlan, outcome: StepOutcome, duration: Duration)? {
        heartbeat.beat()
        guard let plan = scheduler.plan(sharesCores: seat?.hasCompany ?? false) else { return nil }
        monitor.begin(plan.participants.map(\.0))
        let start = ContinuousClock.now
        if recorder.began(plan, at: start) { publish() }
        let outcome = backend.run(plan)
        return (plan, outcome, ContinuousClock.now - start)
    }

    /// Tells readers what a step gave.
    func tell(_ events: [(RequestID, RequestEvent)]) {
        let now = ContinuousClock.now
        for (id, event) in events { recorder.delivered(event, to: id, at: now) }
        // Before anybody is told, so that who has read an answer finds it counted.
        publish()
        for (id, event) in events { deliver(event, to: id) }
    }

    private func deliver(_ event: RequestEvent, to id: RequestID) {
        guard let channel = channels[id] else { return }
        if event.isClosing {
            channels[id] = nil
            channel.finish(with: event)
        } else if channel.send(event) == .full {
            scheduler.pause(id)
            recorder.paused(id)
        }
    }

    /// Puts the state of this moment where others read it.
    private func publish() {
        var report = EngineReport()
        let snapshot = scheduler.snapshot
        recorder.drafted(scheduler.draftCounts)
        report.metrics = recorder.metrics
        report.counts = scheduler.counts
        report.sequences = snapshot.sequences
        report.requests = snapshot.requests.compactMap { state in
            recorder[state.id].map { life in
                EngineReport.Request(
                    owner: life.owner,
                    state: state,
                    promptTokens: life.promptTokens,
                    prompt: life.prompt,
                    admitted: life.admitted
                )
            }
        }
        board.withLock { [report] board in board = report }
    }

    /// Tells those who wait for the end of all requests.
    private func settle() {
        guard !scheduler.hasRequests else { return }
        backend.rest()
        assert(scheduler.violations.isEmpty, "\(scheduler.violations)")
        let waiters = drainWaiters
        drainWaiters = []
        waiters.forEach { $0.resume() }
        wakeIdle()
    }
}

/// What a submitted request gives, as it comes: any number of tokens, then one closing event.
package struct RequestStream: Sendable {
    package let id: RequestID
    package let events: BoundedChannel<RequestEvent>.Reader
}
