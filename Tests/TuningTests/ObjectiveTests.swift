import Foundation
import Llama
import Testing

@testable import Tuning

@Suite("What tuning chooses")
struct ObjectiveTests {
    private func format(_ name: String, gain: Double, meanKL: Double, bytes: UInt64 = 1) -> TuningRecord.Format {
        TuningRecord.Format(
            name: name,
            bytes: bytes,
            speeds: nil,
            gain: gain,
            distance: Distance(perplexity: 18, meanKL: meanKL),
            verdict: nil
        )
    }

    @Test("the gain is the geometric mean over prompt, decode at 1 and decode at 4; 16 does not count")
    func gain() {
        let original = Speeds(prompt: 345, decode1: 161, decode4: 200, decode16: 258)
        var other = original
        other.decode16 *= 100
        #expect(abs(other.gain(over: original) - 1) < 1e-12)
        other = Speeds(prompt: 345 * 2, decode1: 161 * 4, decode4: 200, decode16: 258)
        #expect(abs(other.gain(over: original) - 2) < 1e-12)
    }

    @Test("the fastest within the bound wins, however fast the ones beyond it are")
    func bound() {
        let formats = [
            format("Q4_1", gain: 1, meanKL: 0), format("Q8_0", gain: 1.4, meanKL: 0.0004),
            format("BF16", gain: 1.2, meanKL: 0.0001), format("Q4_0", gain: 1.6, meanKL: 0.08),
        ]
        #expect(Objective().best(formats) == 1)
        #expect(Objective(maxKL: 0.1).best(formats) == 3)
        #expect(Objective(maxKL: 0.0002).best(formats) == 2)
        #expect(
            Objective().refusal(gain: 1.6, distance: Distance(perplexity: 21, meanKL: 0.08))?.contains("far") == true
        )
    }

    @Test("where nothing is better by more than measuring errs, the original stays")
    func unchanged() {
        #expect(Objective().best([format("Q4_1", gain: 1, meanKL: 0), format("F16", gain: 1.02, meanKL: 0)]) == nil)
        #expect(Objective().best([]) == nil)
    }

    @Test("of formats that measuring can't tell apart, the smallest wins")
    func ties() {
        let large = format("BF16", gain: 1.34, meanKL: 0, bytes: 256)
        let small = format("Q8_0", gain: 1.33, meanKL: 0, bytes: 136)
        #expect(Objective().best([large, small]) == 1)
        #expect(Objective().best([large, format("Q8_0", gain: 1.2, meanKL: 0, bytes: 136)]) == 0)
    }

    @Test("a distance that is no number is beyond every bound")
    func notANumber() {
        #expect(Objective(maxKL: .infinity).best([format("F16", gain: 2, meanKL: .nan)]) == nil)
    }

    @Test("few bits are not made fewer by much, and no format is its own candidate")
    func candidates() {
        #expect(Candidates.formats(from: .q4_1, bitsPerWeight: 5) == [.q8_0, .bf16, .f16, .q4_0])
        #expect(Candidates.formats(from: .f16, bitsPerWeight: 16) == [.q8_0, .bf16, .q6_k, .q4_k_m, .q4_0])
        #expect(Candidates.formats(from: .q4_0, bitsPerWeight: 4.6) == [.q8_0, .bf16, .f16])
        #expect(Candidates.formats(from: nil, bitsPerWeight: 3).contains(.q8_0))
    }
}
