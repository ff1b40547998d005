/// How many threads a step is given: fewer while other programs keep cores busy.
///
/// The threads of a step wait for each other behind each of its operations, of which there are about a thousand. One that
/// shares its core with another program holds up all the others, so a program that takes half a core costs half of the
/// speed of all of them; with one thread less, it costs that thread. Behind that point fewer threads are faster.
package struct ThreadBudget: Sendable {
    /// What the next step is given.
    package private(set) var threads: Int

    private let most: Int
    private let cores: Int
    private var last: CoreTimes?

    /// Seconds between two looks at the cores: long enough for ticks of ten milliseconds to add up.
    private static let interval = 0.25
    /// Readings further apart say little of now: the model was idle meanwhile.
    private static let staleness = 2.0
    /// A share of a core that others must take for one thread to give way.
    ///
    /// A program that wants a whole core gets half of
    /// one while a thread of ours contends with it; one that wants less than half costs less than a thread does.
    private static let toYield = 0.42
    /// The share below which the thread comes back; smaller, so that a steady share changes nothing twice.
    private static let toReturn = 0.3

    /// - Parameters:
    ///   - most: Threads where nobody else works.
    ///   - cores: Cores that this process may use.
    package init(most: Int, cores: Int) {
        self.most = most
        self.cores = cores
        threads = most
    }

    /// Whether a new reading is due.
    package func isDue(at moment: Double) -> Bool {
        last.map { moment - $0.moment >= Self.interval } ?? true
    }

    /// Takes in a reading, which changes the number of threads where the cores' use has changed.
    package mutating func note(_ times: CoreTimes) {
        defer { last = times }
        guard let last, times.moment > last.moment, times.moment - last.moment <= Self.staleness else { return }
        let others = max(0, times.busy - last.busy - (times.own - last.own)) / (times.moment - last.moment)
        let free = Double(cores) - others
        let least = Int(free + Self.toReturn)
        let highest = Int(free + Self.toYield)
        threads = max(1, min(most, min(max(threads, least), highest)))
    }
}
