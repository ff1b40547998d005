import Synchronization

/// A flag that one thread raises and native code on another polls.
package final class AbortFlag: Sendable {
    private let value = Atomic(false)

    package init() {}

    package func raise() { value.store(true, ordering: .relaxed) }
    package func lower() { value.store(false, ordering: .relaxed) }
    package var isRaised: Bool { value.load(ordering: .relaxed) }
}
