internal import RuntimeSupport

extension Backend {
    /// Runs a plan when it is a seat's turn on the cores; at once without a seat.
    ///
    /// - Parameters:
    ///   - plan: What to do.
    ///   - seat: The engine's.
    /// - Returns: What came of it, and what it took, without the wait for the turn.
    func run(_ plan: BatchPlan, in seat: CoreArbiter.Seat?) -> (outcome: StepOutcome, duration: Duration) {
        func step() -> (StepOutcome, Duration) {
            let start = ContinuousClock.now
            let outcome = run(plan)
            return (outcome, ContinuousClock.now - start)
        }
        return seat.map { $0.turn(step) } ?? step()
    }
}
