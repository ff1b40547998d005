import CLlama
import Foundation
import Testing

/// The tokens that samplers choose, against the probabilities that llama.cpp's chain gives them.
@Suite("Samplers' distributions")
struct SamplerDistributionTests {
    struct Configuration: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let biases: [cl_logit_bias]
        private let change: OptionsChange

        init(_ name: String, biases: [Int32: Float] = [:], _ change: @escaping OptionsChange) {
            testDescription = name
            self.biases = biases.sorted { $0.key < $1.key }.map { cl_logit_bias(token: $0.key, bias: $0.value) }
            self.change = change
        }

        var options: cl_sampler_options { samplerOptions(seed: 20, change) }
    }

    static let configurations: [Configuration] = [
        Configuration("temperature 1") { _ in },
        Configuration("temperature 0.6") { $0.temperature = 0.6 },
        Configuration("temperature 1.7") { $0.temperature = 1.7 },
        Configuration("top-k 40") { $0.top_k = 40 },
        Configuration("top-k 500, temperature 1.5") {
            $0.top_k = 500
            $0.temperature = 1.5
        },
        Configuration("top-p 0.95") { $0.top_p = 0.95 },
        Configuration("top-p 0.5, temperature 2") {
            $0.top_p = 0.5
            $0.temperature = 2
        },
        Configuration("top-p 0.999") { $0.top_p = 0.999 },
        Configuration("min-p 0.05") { $0.min_p = 0.05 },
        Configuration("top-p 0.95, min-p 0.02, temperature 0.8") {
            $0.top_p = 0.95
            $0.min_p = 0.02
            $0.temperature = 0.8
        },
        Configuration("top-k 50, top-p 0.9, min-p 0.02, temperature 1.2") {
            $0.top_k = 50
            $0.top_p = 0.9
            $0.min_p = 0.02
            $0.temperature = 1.2
        },
        Configuration("biases", biases: [260: -100, 253: 2.5, 253 + 40_000: 12, 49_151: 20]) { _ in },
        Configuration("biases, top-k 20", biases: [260: -100, 253: 2.5, 253 + 40_000: 12, 49_151: 20]) {
            $0.top_k = 20
        },
    ]

    /// How improbable the draws are: a standard normal deviate, by Wilson and Hilferty's approximation of chi-square.
    ///
    /// Tokens that are expected fewer than five times count as one.
    private func deviate(of counts: [Int32: Int], draws: Int, from probabilities: [Float]) -> Double {
        var statistic = 0.0
        var classes = 0
        var restExpected = 0.0
        var restCount = 0
        for (token, probability) in probabilities.enumerated() where probability > 0 {
            let expected = Double(probability) * Double(draws)
            let count = counts[Int32(token)] ?? 0
            if expected < 5 {
                restExpected += expected
                restCount += count
            } else {
                statistic += (Double(count) - expected) * (Double(count) - expected) / expected
                classes += 1
            }
        }
        if restExpected >= 1 {
            statistic += (Double(restCount) - restExpected) * (Double(restCount) - restExpected) / restExpected
            classes += 1
        }
        guard classes > 1 else { return 0 }
        let freedom = Double(classes - 1)
        let spread = 2 / (9 * freedom)
        return (cbrt(statistic / freedom) - (1 - spread)) / spread.squareRoot()
    }

    private func draw(_ count: Int, _ sampler: NativeSampler, _ row: inout [Float]) throws -> [Int32: Int] {
        var counts: [Int32: Int] = [:]
        for _ in 0..<count { counts[try sampler.choose(&row).token, default: 0] += 1 }
        return counts
    }

    /// The least logit that top-p keeps where it comes first.
    ///
    /// llama.cpp adds up all probabilities in single precision, where the last ones are lost: what it keeps falls short
    /// of p by up to 0.0002 here, and so by a token or more.
    private func leastLikely(_ row: [Float], _ options: cl_sampler_options) -> Float {
        guard options.top_p < 1, options.top_k == 0 else { return .infinity }
        let sorted = row.sorted(by: >)
        let masses = sorted.map { exp(Double($0 - sorted[0])) }
        let wanted = Double(options.top_p) * masses.reduce(0, +)
        var sum = 0.0
        for (logit, mass) in zip(sorted, masses) {
            sum += mass
            if sum >= wanted { return logit }
        }
        return -.infinity
    }

    private static let draws = 4000
    /// One run in 4,000 lies above it by chance; seeds are fixed, so it is the same in every run.
    private static let limit = 3.5

    @Test("a sampler chooses with the probabilities of llama.cpp's chain", arguments: configurations)
    func distribution(configuration: Configuration) throws {
        for var row in [RealLogits.rows[1], RealLogits.rows[7]] {
            let sampler = try NativeSampler(configuration.options, biases: configuration.biases)
            let chain = try ReferenceChain(configuration.options, biases: configuration.biases)
            let expected = chain.probabilities(row)
            let before = row
            let counts = try draw(Self.draws, sampler, &row)
            #expect(row.elementsEqual(before) { $0.bitPattern == $1.bitPattern }, "logits have changed")
            let least = leastLikely(row, configuration.options)
            #expect(
                counts.keys.allSatisfy { expected[Int($0)] > 0 || row[Int($0)] >= least },
                "a token that the chain never chooses"
            )
            let deviate = deviate(of: counts, draws: Self.draws, from: expected)
            #expect(deviate < Self.limit)
        }
    }

    @Test("penalties for what was chosen before change probabilities as in llama.cpp's chain")
    func penalties() throws {
        var row = RealLogits.rows[7]
        let likely = row.indices.sorted { row[$0] > row[$1] }.prefix(3).map(Int32.init)
        let history = [likely[0], likely[1], likely[0], likely[2], likely[0], 49_000]
        let options = samplerOptions(seed: 3) {
            $0.presence_penalty = 0.4
            $0.frequency_penalty = 0.7
            // What is drawn below is forgotten before the next draw.
            $0.penalty_window = UInt32(history.count)
        }
        let chain = try ReferenceChain(options)
        history.forEach(chain.remember)
        let expected = chain.probabilities(row)
        let sampler = try NativeSampler(options)
        var counts: [Int32: Int] = [:]
        for _ in 0..<Self.draws {
            for token in history { try sampler.remember(token) }
            counts[try sampler.choose(&row).token, default: 0] += 1
        }
        #expect(deviate(of: counts, draws: Self.draws, from: expected) < Self.limit)
        let unpenalized = try ReferenceChain(samplerOptions()).probabilities(row)
        #expect(deviate(of: counts, draws: Self.draws, from: unpenalized) > 10)
    }

    @Test("the test can tell a temperature of 1 from one of 1.1")
    func power() throws {
        var row = RealLogits.rows[7]
        let counts = try draw(Self.draws, try NativeSampler(samplerOptions { $0.temperature = 1.1 }), &row)
        let expected = try ReferenceChain(samplerOptions()).probabilities(row)
        #expect(deviate(of: counts, draws: Self.draws, from: expected) > Self.limit)
    }

    @Test("greedy answers with biases and penalties are the chain's, token by token")
    func greedy() throws {
        let biases = [cl_logit_bias(token: 253, bias: 3), cl_logit_bias(token: 253, bias: -2.5)]
        let options = samplerOptions {
            $0.temperature = 0
            $0.presence_penalty = 0.3
            $0.frequency_penalty = 0.25
            $0.penalty_window = 24
        }
        let sampler = try NativeSampler(options, biases: biases)
        let chain = try ReferenceChain(options, biases: biases)
        for place in 0..<200 {
            let row = RealLogits.rows[place % RealLogits.rows.count]
            #expect(try sampler.choose(row).token == chain.choose(row))
        }
    }
}
