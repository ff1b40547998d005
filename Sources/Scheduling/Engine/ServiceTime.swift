/// How long requests take from admission to their end, as a running average: what `Retry-After` is computed from.
struct ServiceTime {
    private let clock = ContinuousClock()
    private var starts: [RequestID: ContinuousClock.Instant] = [:]
    private var answering: Set<RequestID> = []
    private var averageSeconds: Double?

    mutating func began(_ id: RequestID) { starts[id] = clock.now }

    mutating func started(_ id: RequestID) { answering.insert(id) }

    /// Its reader has gone: at a stop string, as often as not, so an answer that had begun counts.
    mutating func left(_ id: RequestID) {
        if answering.contains(id) { ended(id) } else { starts[id] = nil }
    }

    mutating func ended(_ id: RequestID) {
        answering.remove(id)
        guard let start = starts.removeValue(forKey: id) else { return }
        let seconds = (clock.now - start) / .seconds(1)
        averageSeconds = averageSeconds.map { $0 * 0.9 + seconds * 0.1 } ?? seconds
    }

    /// Seconds until a place in the queue is likely to be free, 1...120.
    ///
    /// By Little's law: the average holds the time in the queue, so a request ends about every average / backlog.
    func estimate(backlog: Int) -> Int {
        let perPlace = (averageSeconds ?? 1) / Double(max(backlog, 1))
        return Int(min(120, max(1, perPlace.rounded(.up))))
    }
}
