import Dispatch
import Foundation

/// A serial executor on a thread of its own: for actors that make long blocking calls into C.
///
/// Such calls on the cooperative pool would starve everything else in the process. Jobs and closures run in the order
/// in which they arrive. The executor is only a `SerialExecutor`: task executors on a thread of their own are not
/// needed here, and conforming to both protocols at once is unsound in the runtime (swiftlang/swift#85668).
package final class ThreadExecutor: SerialExecutor {
    private enum Work {
        case job(UnownedJob)
        case closure(@Sendable () -> Void)
    }

    private struct State {
        var queue: [Work] = []
        var isStopping = false
        var hasEnded = false
    }

    private let state = Guarded(State())
    private let arrival = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    /// Held by jobs that arrive after the end of the thread: still one at a time, and a job may enqueue another.
    private let late = NSRecursiveLock()
    private let name: String
    private let beat: Heartbeat
    private let idleBeat: Duration
    private let niceness: Int32

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - name: The thread's name, as debuggers show it; at most 15 bytes on Linux.
    ///   - heartbeat: Beats after each piece of work, and at least every `idleBeat` while there is none.
    ///   - idleBeat: The longest time between two beats of an idle thread.
    ///   - niceness: By how much it is nicer than other threads, where the system can have that by thread (Linux).
    package init(name: String, heartbeat: Heartbeat, idleBeat: Duration = .seconds(1), niceness: Int32 = 0) {
        self.name = name
        self.niceness = niceness
        beat = heartbeat
        self.idleBeat = idleBeat
        let thread = Thread { [self] in run() }
        thread.name = name
        // Native code of the engines keeps graphs and parsers on the stack.
        thread.stackSize = 16 << 20
        thread.start()
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        append(.job(UnownedJob(job)))
    }

    /// Runs a closure on the thread, after all that was enqueued before it.
    ///
    /// After `stop()` the closure is dropped.
    package func async(_ body: @escaping @Sendable () -> Void) {
        append(.closure(body))
    }

    package func checkIsolated() {
        precondition(isCurrent, "not on the thread \(name)")
    }

    package func isIsolatingCurrentContext() -> Bool? { isCurrent }

    /// Ends the thread once the work that is queued now has run, and waits for that.
    ///
    /// Jobs that arrive later run on the caller's thread of the moment, so that no task is left hanging. Must not be
    /// called on the thread itself.
    package func stop() {
        state.withLock { $0.isStopping = true }
        arrival.signal()
        ended.wait()
        ended.signal()  // for others who wait
    }

    private var isCurrent: Bool {
        Thread.current.threadDictionary[Self.key] as? ObjectIdentifier == ObjectIdentifier(self)
    }

    private static let key = "RuntimeSupport.ThreadExecutor"

    private func append(_ work: Work) {
        let isQueued = state.withLock { state in
            if !state.hasEnded { state.queue.append(work) }
            return !state.hasEnded
        }
        if isQueued {
            arrival.signal()
        } else if case .job(let job) = work {
            late.lock()
            unsafe job.runSynchronously(on: asUnownedSerialExecutor())
            late.unlock()
        }
    }

    private func run() {
        #if os(Linux)
        if niceness > 0 { _ = nice(niceness) }
        #endif
        Thread.current.threadDictionary[Self.key] = ObjectIdentifier(self)
        while let batch = nextBatch() {
            for work in batch {
                switch work {
                case .job(let job): unsafe job.runSynchronously(on: asUnownedSerialExecutor())
                case .closure(let body): body()
                }
                beat.beat()
            }
        }
        ended.signal()
    }

    /// Everything that is queued, or nil when the thread is to end; waits while there is nothing.
    private func nextBatch() -> [Work]? {
        while true {
            let (batch, isOver) = state.withLock { state in
                let batch = state.queue
                state.queue = []
                state.hasEnded = batch.isEmpty && state.isStopping
                return (batch, state.hasEnded)
            }
            if isOver { return nil }
            if !batch.isEmpty { return batch }
            beat.beat()
            _ = arrival.wait(timeout: .now() + idleBeat / .seconds(1))
        }
    }
}
