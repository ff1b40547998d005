/// A bounded queue from one synchronous producer to one asynchronous reader.
///
/// The producer never waits: `send` says when the queue has become full, and `onRoom` is called when the reader has
/// taken half of it again, so that the producer pauses only the work behind this channel. The reader gets the elements
/// in order, then nil once `finish` was called. When the reader goes away (its task is cancelled, or it drops the
/// channel's `Reader`), `onAbandoned` is called once and later elements are dropped.
///
/// Both callbacks run on the reader's thread, outside the lock.
package final class BoundedChannel<Element: Sendable>: Sendable {
    /// What a reader is given, and whether taking it made room.
    private typealias Taken = (element: Element?, madeRoom: Bool)

    private struct State {
        var elements: [Element] = []
        var head = 0
        var isFull = false
        var isFinished = false
        var isAbandoned = false
        var reader: CheckedContinuation<Taken, Never>?

        var count: Int { elements.count - head }

        mutating func takeFirst() -> Element? {
            guard head < elements.count else { return nil }
            let element = elements[head]
            head += 1
            if head == elements.count || head > 1024 {
                elements.removeFirst(head)
                head = 0
            }
            return element
        }
    }

    private let state = Guarded(State())
    private let capacity: Int
    private let onRoom: @Sendable () -> Void
    private let onAbandoned: @Sendable () -> Void

    /// - Parameters:
    ///   - capacity: The number of elements at which the channel is full; the one that fills it is still taken.
    ///   - onRoom: Called when a full channel has been read down to half its capacity.
    ///   - onAbandoned: Called once if the reader goes away before it has read to the end.
    package init(
        capacity: Int,
        onRoom: @escaping @Sendable () -> Void = {},
        onAbandoned: @escaping @Sendable () -> Void = {}
    ) {
        precondition(capacity > 0)
        self.capacity = capacity
        self.onRoom = onRoom
        self.onAbandoned = onAbandoned
    }

    /// What a producer has to know after it has sent something.
    package enum Room: Sendable {
        /// There is room for more.
        case available
        /// The channel is full: pause until `onRoom`.
        case full
        /// Nobody reads any more.
        case abandoned
    }

    /// Hands one element over.
    @discardableResult
    package func send(_ element: Element) -> Room {
        let (waiting, room) = state.withLock { state -> (CheckedContinuation<Taken, Never>?, Room) in
            precondition(!state.isFinished, "sent after finish")
            guard !state.isAbandoned else { return (nil, .abandoned) }
            if let reader = state.reader.take() { return (reader, .available) }
            state.elements.append(element)
            if state.count >= capacity { state.isFull = true }
            return (nil, state.isFull ? .full : .available)
        }
        waiting?.resume(returning: (element, false))
        return room
    }

    /// Ends the channel, with one closing element that is taken whether or not there is room.
    package func finish(with last: Element? = nil) {
        let waiting = state.withLock { state -> CheckedContinuation<Taken, Never>? in
            guard !state.isFinished else { return nil }
            state.isFinished = true
            let reader = state.reader.take()
            if reader == nil, !state.isAbandoned, let last { state.elements.append(last) }
            return reader
        }
        waiting?.resume(returning: (last, false))
    }

    /// The next element, or nil at the end or once the reading task has been cancelled.
    private func next() async -> Element? {
        let (element, madeRoom) = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Taken, Never>) in
                let ready = state.withLock { state in take(from: &state, orWait: continuation) }
                if let ready { continuation.resume(returning: ready) }
            }
        } onCancel: {
            abandon()
        }
        if madeRoom { onRoom() }
        return element
    }

    /// What the reader gets at once, or nil where it is left waiting.
    private func take(from state: inout State, orWait continuation: CheckedContinuation<Taken, Never>) -> Taken? {
        if state.isAbandoned { return (nil, false) }
        if let element = state.takeFirst() {
            let madeRoom = state.isFull && state.count <= capacity / 2
            if madeRoom { state.isFull = false }
            return (element, madeRoom)
        }
        if state.isFinished { return (nil, false) }
        precondition(state.reader == nil, "two readers")
        state.reader = continuation
        return nil
    }

    private func abandon() {
        let (reader, isFirst) = state.withLock { state -> (CheckedContinuation<Taken, Never>?, Bool) in
            let isFirst = !state.isAbandoned && !(state.isFinished && state.count == 0)
            state.isAbandoned = true
            state.elements = []
            state.head = 0
            return (state.reader.take(), isFirst)
        }
        reader?.resume(returning: (nil, false))
        if isFirst { onAbandoned() }
    }

    /// The reading end.
    ///
    /// Dropping it before the end abandons the channel.
    package final class Reader: AsyncSequence, AsyncIteratorProtocol, Sendable {
        private let channel: BoundedChannel

        fileprivate init(_ channel: BoundedChannel) { self.channel = channel }
        deinit { channel.abandon() }

        package func makeAsyncIterator() -> Reader { self }
        package func next() async -> Element? { await channel.next() }

        /// Goes away now instead of when the last reference is dropped.
        package func cancel() { channel.abandon() }
    }

    /// Makes the reading end; to be called once.
    package func makeReader() -> Reader { Reader(self) }
}
