internal import Synchronization

/// A number of bytes that all requests share for their bodies.
final class MemoryBudget: Sendable {
    private let limit: Int
    private let used = Atomic<Int>(0)

    init(limit: Int) { self.limit = limit }

    /// Whether so many bytes are left now; takes none.
    func hasRoom(for count: Int) -> Bool { used.load(ordering: .relaxed) + count <= limit }

    /// What one request has taken; given back when the last one lets go of it.
    final class Share: Sendable {
        private let budget: MemoryBudget
        private let count = Atomic<Int>(0)

        init(of budget: MemoryBudget) { self.budget = budget }

        deinit { budget.used.subtract(count.load(ordering: .relaxed), ordering: .relaxed) }

        /// Takes so many more bytes, all or none of them; false for none.
        func grow(by more: Int) -> Bool {
            guard budget.used.add(more, ordering: .relaxed).newValue <= budget.limit else {
                budget.used.subtract(more, ordering: .relaxed)
                return false
            }
            count.add(more, ordering: .relaxed)
            return true
        }
    }
}
