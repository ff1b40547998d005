import Testing
import WireFormat

@testable import InferenceServer

@Suite("Guard models")
struct GuardModelTests {
    private func shares(_ safe: Double, _ unsafe: [Int: Double]) -> [Double] {
        [safe] + GuardModel.codes.indices.map { unsafe[$0 + 1] ?? 0 }
    }

    @Test("they are known by their names")
    func names() {
        for name in ["Llama-Guard-3-8B.Q4_K_M", "llama_guard_2", "meta-llama-guard-4"] {
            #expect(GuardModel.isOne(name))
        }
        for name in ["Llama-3.2-1B-Instruct", "guard-dog", "SmolLM2-135M-Instruct"] { #expect(!GuardModel.isOne(name)) }
    }

    @Test("the shares of codes add up to those of categories, and what is likely is flagged")
    func scores() {
        #expect(GuardModel.verdicts.count == 15 && GuardModel.verdicts[10] == "unsafe\nS10")
        let hate = GuardModel.result(shares(0.1, [10: 0.8, 3: 0.05, 12: 0.05]))
        #expect(hate.flagged == [.hate] && hate.scores[.hate] == 0.8)
        #expect(abs((hate.scores[.sexual] ?? 0) - 0.1) < 1e-12 && hate.scores[.illicit] == 0.05)
        #expect(GuardModel.result(shares(0.9, [10: 0.1])).flagged.isEmpty)
        #expect(GuardModel.result(shares(1, [:])).scores.values.allSatisfy { $0 == 0 })
    }

    @Test("what is unsafe by several codes is flagged by the likeliest; by none of OpenAI's, by nothing likely")
    func unsafe() {
        #expect(GuardModel.result(shares(0.3, [10: 0.3, 11: 0.4])).flagged == [.selfHarm])
        #expect(GuardModel.result(shares(0.2, [6: 0.8])).flagged.isEmpty)
    }
}
