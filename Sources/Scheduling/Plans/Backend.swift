/// What runs plans: llama.cpp, or a checking fake in tests.
///
/// A backend belongs to one thread; it is made and used on the engine's.
package protocol Backend: AnyObject {
    var limits: BackendLimits { get }

    /// Carries out one plan, blocking the thread meanwhile.
    ///
    /// A plan whose token step is empty is one of operations alone.
    func run(_ plan: BatchPlan) -> StepOutcome

    /// Gives up what was begun and nobody waits for any more: nothing is left to do for now.
    func rest()

    /// What a sequence holds, or a saved state, as bytes that `keep` takes: of this backend, or of a later one like it.
    func content(of sequence: SequenceID) throws -> [UInt8]
    func content(of state: StateID) throws -> [UInt8]

    /// Has bytes that `content` gave as a saved state from now on; whether they can be used shows when it is restored.
    func keep(_ content: [UInt8], as state: StateID)
}
