/// What runs plans: llama.cpp, or a checking fake in tests.
///
/// A backend belongs to one thread; it is made and used on the engine's.
package protocol Backend: AnyObject {
    var limits: BackendLimits { get }

    /// Carries out one plan, blocking the thread meanwhile.
    func run(_ plan: BatchPlan) -> StepOutcome
}
