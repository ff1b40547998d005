import CLlama
import CLlamaReference
import TestSupport
import Testing

/// The samplers that few ask for, against llama.cpp's common library: the same tokens for the same logits and seed.
@Suite("Samplers beside those of llama.cpp")
struct CommonSamplerTests {
    struct Configuration: Sendable, CustomTestStringConvertible {
        typealias Change = @Sendable (inout cl_sampler_options, inout cl_chain_options) -> Void

        let testDescription: String
        var stages = Self.usual
        var breakers: [String] = []
        var history: [Int32] = []
        let change: Change

        static let usual: [cl_sampler_stage] = [
            .CL_STAGE_PENALTIES, .CL_STAGE_DRY, .CL_STAGE_TOP_N_SIGMA, .CL_STAGE_TOP_K, .CL_STAGE_TYPICAL_P,
            .CL_STAGE_TOP_P, .CL_STAGE_MIN_P, .CL_STAGE_XTC, .CL_STAGE_TEMPERATURE,
        ]

        init(
            _ name: String,
            stages: [cl_sampler_stage] = Self.usual,
            breakers: [String] = [],
            history: [Int32] = [],
            _ change: @escaping Change
        ) {
            (testDescription, self.stages, self.breakers, self.history) = (name, stages, breakers, history)
            self.change = change
        }

        /// Options that last as long as the call.
        func withOptions<Result>(seed: UInt32, _ body: (cl_sampler_options) throws -> Result) rethrows -> Result {
            var options = samplerOptions(seed: seed)
            var chain = cl_chain_options()
            (chain.typical_p, chain.repeat_penalty, chain.dynatemp_exponent) = (1, 1, 1)
            (chain.repeat_last_n, chain.xtc_threshold) = (64, 0.1)
            (chain.dry_base, chain.dry_allowed_length, chain.dry_penalty_last_n) = (1.75, 2, 64)
            (chain.mirostat_tau, chain.mirostat_eta) = (5, 0.1)
            change(&options, &chain)
            let texts = breakers.map { Array($0.utf8CString) }
            return try stages.withUnsafeBufferPointer { stages in
                try history.withUnsafeBufferPointer { history in
                    try withPointers(to: texts) { breakers in
                        (chain.stages, chain.stage_count) = (stages.baseAddress, stages.count)
                        (chain.history, chain.history_count) = (history.baseAddress, history.count)
                        (chain.breakers, chain.breaker_count) = (breakers.baseAddress, breakers.count)
                        return try withUnsafePointer(to: chain) { chain in
                            options.chain = chain
                            return try body(options)
                        }
                    }
                }
            }
        }

        private func withPointers<Result>(
            to texts: [[CChar]],
            _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) throws -> Result
        ) rethrows -> Result {
            let copies = texts.map { text in
                let copy = UnsafeMutablePointer<CChar>.allocate(capacity: text.count)
                copy.initialize(from: text, count: text.count)
                return copy
            }
            defer { for copy in copies { copy.deallocate() } }
            let pointers = copies.map { Optional(UnsafePointer($0)) }
            return try pointers.withUnsafeBufferPointer(body)
        }
    }

    /// Some tokens that come again and again.
    private static let repeating: [Int32] = [253, 1838, 28, 253, 1838, 28, 253, 1838, 260, 3814, 260, 3814, 260]

    static let configurations: [Configuration] = [
        Configuration("typical-p 0.9") { $1.typical_p = 0.9 },
        Configuration("typical-p 0.2, temperature 1.5") {
            $0.temperature = 1.5
            $1.typical_p = 0.2
        },
        Configuration("top-n-sigma 1") { $1.top_n_sigma = 1 },
        Configuration("top-n-sigma 2.5, temperature 2") {
            $0.temperature = 2
            $1.top_n_sigma = 2.5
        },
        Configuration("XTC 0.5") { $1.xtc_probability = 0.5 },
        Configuration("XTC 1, threshold 0.02, keep 3") {
            ($1.xtc_probability, $1.xtc_threshold, $1.min_keep) = (1, 0.02, 3)
        },
        Configuration("dynamic temperature 0.7") { $1.dynatemp_range = 0.7 },
        Configuration("dynamic temperature 1.5, exponent 2, top-k 80") {
            $0.top_k = 80
            $0.temperature = 1.6
            ($1.dynatemp_range, $1.dynatemp_exponent) = (1.5, 2)
        },
        Configuration("mirostat 1") { $1.mirostat = 1 },
        Configuration("mirostat 1, tau 3, eta 0.5, temperature 1.4") {
            $0.temperature = 1.4
            ($1.mirostat, $1.mirostat_tau, $1.mirostat_eta) = (1, 3, 0.5)
        },
        Configuration("mirostat 2") { $1.mirostat = 2 },
        Configuration("mirostat 2, tau 2, eta 0.3, temperature 0.7") {
            $0.temperature = 0.7
            ($1.mirostat, $1.mirostat_tau, $1.mirostat_eta) = (2, 2, 0.3)
        },
        Configuration("repetition penalty 1.3", history: repeating) { $1.repeat_penalty = 1.3 },
        Configuration("repetition penalty 0.8, the last 4", history: repeating) {
            ($1.repeat_penalty, $1.repeat_last_n) = (0.8, 4)
        },
        Configuration("presence penalty 1.5, typical-p 0.95") {
            $0.presence_penalty = 1.5
            $1.typical_p = 0.95
        },
        Configuration("frequency penalty 0.7, presence penalty -0.4, top-n-sigma 2") {
            ($0.frequency_penalty, $0.presence_penalty) = (0.7, -0.4)
            $1.top_n_sigma = 2
        },
        Configuration("DRY 0.8", history: repeating) { $1.dry_multiplier = 0.8 },
        Configuration("DRY 2, base 1.2, allowed 1, breakers", breakers: ["\n", ":", " dog"], history: repeating) {
            ($1.dry_multiplier, $1.dry_base, $1.dry_allowed_length, $1.dry_penalty_last_n) = (2, 1.2, 1, 500)
        },
        Configuration("all of them, in the usual order", breakers: ["."], history: repeating) {
            ($0.top_k, $0.top_p, $0.min_p, $0.temperature) = (200, 0.97, 0.001, 1.3)
            ($1.typical_p, $1.top_n_sigma, $1.xtc_probability, $1.xtc_threshold) = (0.95, 3, 0.4, 0.05)
            ($1.dynatemp_range, $1.repeat_penalty, $1.dry_multiplier, $1.min_keep) = (0.3, 1.1, 0.6, 2)
        },
        Configuration(
            "another order",
            stages: [
                .CL_STAGE_TEMPERATURE, .CL_STAGE_MIN_P, .CL_STAGE_TOP_P, .CL_STAGE_XTC, .CL_STAGE_TOP_K,
                .CL_STAGE_PENALTIES, .CL_STAGE_TYPICAL_P,
            ],
            history: repeating
        ) {
            ($0.top_k, $0.top_p, $0.min_p, $0.temperature) = (50, 0.9, 0.002, 1.5)
            ($1.typical_p, $1.xtc_probability, $1.xtc_threshold, $1.repeat_penalty) = (0.9, 0.5, 0.02, 1.2)
        },
        Configuration(
            "some stages alone, one of them twice",
            stages: [.CL_STAGE_TOP_N_SIGMA, .CL_STAGE_TEMPERATURE, .CL_STAGE_TOP_P, .CL_STAGE_TEMPERATURE]
        ) {
            ($0.top_k, $0.top_p, $0.temperature) = (1, 0.8, 1.2)
            ($1.top_n_sigma, $1.xtc_probability) = (2, 1)
        },
    ]

    @Test("the same tokens are chosen as by llama.cpp, one after the other", arguments: configurations)
    func sameAsCommon(configuration: Configuration) throws {
        var all: Set<[Int32]> = []
        for seed: UInt32 in [3, 4, 2_000_000_000] {
            try configuration.withOptions(seed: seed) { options in
                let sampler = try NativeSampler(options)
                let reference = try withUnsafePointer(to: options) {
                    try #require(reference_common_create(InstalledModels.chat, $0))
                }
                defer { reference_common_free(reference) }
                var tokens: [Int32] = []
                for step in 0..<16 {
                    let row = RealLogits.rows[step % RealLogits.rows.count]
                    let expected = reference_common_choose(reference, row)
                    let token = try sampler.choose(row).token
                    #expect(token == expected, "step \(step) with seed \(seed)")
                    tokens.append(token)
                }
                all.insert(tokens)
            }
        }
        #expect(all.count == 3, "the seed makes no difference")
    }
}
