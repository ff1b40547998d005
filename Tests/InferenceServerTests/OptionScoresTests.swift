import Testing

@testable import InferenceServer

@Suite("Scores of options")
struct OptionScoresTests {
    @Test("each has its part of what all have together, however unlikely they are")
    func shares() {
        #expect(OptionScores.shares([-1, -1]) == [0.5, 0.5])
        let shares = OptionScores.shares([-2000, -2001, -2002])
        #expect(abs(shares.reduce(0, +) - 1) < 1e-12)
        #expect(abs(shares[0] / shares[1] - 2.718281828459045) < 1e-9)
        #expect(OptionScores.shares([-.infinity, -3]) == [0, 1])
        #expect(OptionScores.shares([-.infinity, -.infinity]) == [0.5, 0.5])
    }
}
