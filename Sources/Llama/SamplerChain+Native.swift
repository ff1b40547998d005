internal import CLlama
internal import Scheduling

extension SamplerChain? {
    /// Lends the chain's options as C has them, for as long as the body runs; nil where there is no chain.
    func withNative<Result>(_ body: (UnsafePointer<cl_chain_options>?) -> Result) -> Result {
        guard let chain = self else { return body(nil) }
        let stages = chain.stages.map(\.native)
        // All texts in one, so that pointers to them live as long as the body runs.
        let texts = chain.dryBreakers.map { Array($0.utf8CString) }
        let joined = texts.flatMap { $0 }
        return unsafe joined.withUnsafeBufferPointer { joined in
            var offset = 0
            let breakers = unsafe texts.map { text -> UnsafePointer<CChar>? in
                defer { offset += text.count }
                return unsafe joined.baseAddress.map { unsafe $0 + offset }
            }
            return unsafe breakers.withUnsafeBufferPointer { breakers in
                unsafe stages.withUnsafeBufferPointer { stages in
                    unsafe chain.history.withUnsafeBufferPointer { history in
                        var options = unsafe cl_chain_options(
                            stages: stages.baseAddress,
                            stage_count: stages.count,
                            typical_p: chain.typicalP,
                            top_n_sigma: chain.topNSigma,
                            xtc_probability: chain.xtcProbability,
                            xtc_threshold: chain.xtcThreshold,
                            dynatemp_range: chain.dynamicTemperatureRange,
                            dynatemp_exponent: chain.dynamicTemperatureExponent,
                            repeat_penalty: chain.repeatPenalty,
                            repeat_last_n: chain.repeatLastCount,
                            dry_multiplier: chain.dryMultiplier,
                            dry_base: chain.dryBase,
                            dry_allowed_length: chain.dryAllowedLength,
                            dry_penalty_last_n: chain.dryLastCount,
                            breakers: breakers.baseAddress,
                            breaker_count: breakers.count,
                            mirostat: chain.mirostat,
                            mirostat_tau: chain.mirostatTau,
                            mirostat_eta: chain.mirostatEta,
                            min_keep: chain.minimumKept,
                            history: history.baseAddress,
                            history_count: history.count
                        )
                        return unsafe withUnsafePointer(to: &options) { unsafe body($0) }
                    }
                }
            }
        }
    }
}

extension SamplerChain.Stage {
    fileprivate var native: cl_sampler_stage {
        switch self {
        case .penalties: .CL_STAGE_PENALTIES
        case .dry: .CL_STAGE_DRY
        case .topNSigma: .CL_STAGE_TOP_N_SIGMA
        case .topK: .CL_STAGE_TOP_K
        case .typicalP: .CL_STAGE_TYPICAL_P
        case .topP: .CL_STAGE_TOP_P
        case .minP: .CL_STAGE_MIN_P
        case .xtc: .CL_STAGE_XTC
        case .temperature: .CL_STAGE_TEMPERATURE
        }
    }
}
