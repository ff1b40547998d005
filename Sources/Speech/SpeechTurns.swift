/// Whose turn it is: who is at work goes round, and who has no place to work in waits in line for one.
///
/// A value without threads or clock. Each turn begins a piece for the first of the line, where a place is free, or else goes on
/// with the piece of the one whose last turn is longest ago. Who has ended a piece joins the line's end for the next one, so that
/// nobody's long text keeps others waiting for more than a piece.
package struct SpeechTurns: Sendable, Equatable {
    package enum Turn: Sendable, Equatable {
        /// Its next piece is to begin.
        case begin(UInt64)
        /// Its piece is to go on.
        case step(UInt64)
    }

    private let capacity: Int
    private var line: [UInt64] = []
    private var working: [UInt64] = []

    /// - Parameter capacity: How many pieces may be under way at once, at least one.
    package init(capacity: Int) { self.capacity = max(1, capacity) }

    package var isEmpty: Bool { line.isEmpty && working.isEmpty }

    /// Joins the line, unless it is there or at work already.
    package mutating func join(_ id: UInt64) {
        guard !line.contains(id), !working.contains(id) else { return }
        line.append(id)
    }

    /// Gives up its place, at work or in the line.
    package mutating func leave(_ id: UInt64) {
        line.removeAll { $0 == id }
        working.removeAll { $0 == id }
    }

    /// The next turn; nil where nobody wants one.
    package mutating func next() -> Turn? {
        if working.count < capacity, !line.isEmpty {
            let id = line.removeFirst()
            working.append(id)
            return .begin(id)
        }
        guard !working.isEmpty else { return nil }
        let id = working.removeFirst()
        working.append(id)
        return .step(id)
    }
}
