internal import Foundation
import RuntimeSupport

/// An encoding that computes on a thread of its own, and only while it is given time.
///
/// A graph of ggml's can't be left and taken up again, but its thread can be held between two nodes, while another computes another
/// graph.
final class PacedEncoding: Sendable {
    enum Progress {
        /// The vectors.
        case done([Float])
        /// Its time was up.
        case begun
        /// The backend's abort flag was raised.
        case aborted
    }

    private enum Phase {
        case held
        case computing(until: ContinuousClock.Instant)
        case ended(Result<[Float]?, LlamaError>)
    }

    private let condition = NSCondition()
    // Safe to share: read and written within the condition's lock alone.
    private nonisolated(unsafe) var phase = Phase.held
    private nonisolated(unsafe) var thread: Thread?
    private nonisolated(unsafe) var isGivenUp = false
    // The longest time between two questions, and the moment of the last.
    private nonisolated(unsafe) var longest = Duration.zero
    private nonisolated(unsafe) var last = ContinuousClock.now
    private let body: @Sendable (PacedEncoding) -> Result<[Float]?, LlamaError>

    /// - Parameter body: Encodes, and asks `mayGoOn` in between; it gives nil where that said no.
    init(_ body: @escaping @Sendable (PacedEncoding) -> Result<[Float]?, LlamaError>) { self.body = body }

    /// Goes on for so long, or to the end; blocks meanwhile.
    ///
    /// - Throws: What the body gave.
    func goOn(for time: Duration) throws(LlamaError) -> Progress {
        condition.lock()
        defer { condition.unlock() }
        unsafe last = .now
        unsafe phase = .computing(until: unsafe last + time)
        if unsafe thread == nil { start() }
        condition.broadcast()
        while true {
            switch unsafe phase {
            case .computing: condition.wait()
            case .held: return .begun
            case .ended(let result): return try result.get().map(Progress.done) ?? .aborted
            }
        }
    }

    /// Ends it, and returns once its thread computes no more.
    func giveUp() {
        condition.lock()
        defer { condition.unlock() }
        unsafe isGivenUp = true
        condition.broadcast()
        while unsafe thread != nil {
            if case .ended = unsafe phase { return }
            condition.wait()
        }
    }

    private func start() {
        let thread = Thread { [self] in
            let result = body(self)
            condition.lock()
            unsafe phase = .ended(result)
            condition.unlock()
            condition.broadcast()
        }
        thread.name = "encoder"
        // Native code builds its graphs on the stack.
        thread.stackSize = 16 << 20
        unsafe self.thread = thread
        thread.start()
    }

    /// Asked on the encoding's thread: holds it while there is no time for it, which is so when the time would not last to the
    /// next question.
    ///
    /// - Returns: False where it is to end.
    fileprivate func mayGoOn() -> Bool {
        condition.lock()
        defer { condition.unlock() }
        let now = ContinuousClock.now
        unsafe longest = max(longest, now - last)
        unsafe last = now
        if case .computing(let end) = unsafe phase, unsafe now + longest > end {
            unsafe phase = .held
            condition.broadcast()
        }
        while case .held = unsafe phase, unsafe !isGivenUp { condition.wait() }
        return unsafe !isGivenUp
    }
}

/// What an encoder's callback sees: the backend's watch, and the encoding under way.
final class EncoderWatch: Sendable {
    let step: StepWatch
    let pace = Guarded<PacedEncoding?>(nil)

    init(_ step: StepWatch) { self.step = step }

    fileprivate var mayGoOn: Bool {
        step.heartbeat.beat()
        if step.abort.isRaised { return false }
        let pace = pace.withLock { $0 }
        return pace?.mayGoOn() ?? true
    }
}

/// Polled by CLlama between the nodes of an encoder's graph, on the encoding's thread.
///
/// The user data is an `EncoderWatch` that the projector keeps alive.
func shouldLeaveEncoder(_ userData: UnsafeMutableRawPointer?) -> Bool {
    guard let userData = unsafe userData else { return false }
    return unsafe !Unmanaged<EncoderWatch>.fromOpaque(userData).takeUnretainedValue().mayGoOn
}
