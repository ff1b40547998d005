import Scheduling
import Tokenizer
import WireFormat

extension SamplerChain {
    /// Nil where a request asks for none of these samplers, or for nothing that they would do.
    ///
    /// - Parameters:
    ///   - parameters: The request's.
    ///   - prompt: Penalties look back at the tokens of its texts.
    ///   - contextLength: What -1 stands for.
    init?(_ parameters: SamplerParameters, prompt: PromptContent, contextLength: Int) {
        guard parameters.hasSamplers else { return nil }
        self.init()
        let plain = self
        let count = { (asked: Int) in Int32(clamping: asked < 0 ? contextLength : min(asked, contextLength)) }
        if let stages = parameters.stages { self.stages = stages.map(Stage.init) }
        typicalP = parameters.typicalP.map { Float($0) } ?? typicalP
        topNSigma = parameters.topNSigma.map { Float($0) } ?? topNSigma
        xtcProbability = parameters.xtcProbability.map { Float($0) } ?? xtcProbability
        xtcThreshold = parameters.xtcThreshold.map { Float($0) } ?? xtcThreshold
        dynamicTemperatureRange = parameters.dynamicTemperatureRange.map { Float($0) } ?? dynamicTemperatureRange
        dynamicTemperatureExponent =
            parameters.dynamicTemperatureExponent.map { Float($0) } ?? dynamicTemperatureExponent
        repeatPenalty = parameters.repeatPenalty.map { Float($0) } ?? repeatPenalty
        repeatLastCount = parameters.repeatLastCount.map(count) ?? repeatLastCount
        dryMultiplier = parameters.dryMultiplier.map { Float($0) } ?? dryMultiplier
        dryBase = parameters.dryBase.map { Float($0) } ?? dryBase
        dryAllowedLength = parameters.dryAllowedLength.map { Int32(clamping: $0) } ?? dryAllowedLength
        dryLastCount = count(parameters.dryLastCount ?? -1)
        dryBreakers = parameters.dryBreakers ?? dryBreakers
        mirostat = parameters.mirostat.map { Int32(clamping: $0) } ?? mirostat
        mirostatTau = parameters.mirostatTau.map { Float($0) } ?? mirostatTau
        mirostatEta = parameters.mirostatEta.map { Float($0) } ?? mirostatEta
        minimumKept = parameters.minimumKept.map { UInt32(clamping: $0) } ?? minimumKept
        guard doesSomething(beside: plain) else { return nil }
        let seen = max(repeatPenalty == 1 ? 0 : repeatLastCount, dryMultiplier == 0 ? 0 : dryLastCount)
        history = seen > 0 ? prompt.tokens.suffix(Int(seen)) : []
    }

    /// Whether any sampler that the fast ones do not know changes an answer.
    private func doesSomething(beside plain: Self) -> Bool {
        typicalP < 1 || topNSigma > 0 || xtcProbability > 0 || dynamicTemperatureRange > 0 || repeatPenalty != 1
            || dryMultiplier > 0 || mirostat > 0 || minimumKept > 1 || stages != plain.stages
    }
}

extension SamplerChain.Stage {
    fileprivate init(_ stage: SamplerParameters.Stage) {
        self =
            switch stage {
            case .penalties: .penalties
            case .dry: .dry
            case .topNSigma: .topNSigma
            case .topK: .topK
            case .typicalP: .typicalP
            case .topP: .topP
            case .minP: .minP
            case .xtc: .xtc
            case .temperature: .temperature
            }
    }
}
