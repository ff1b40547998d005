/// Samplers that few requests ask for, by llama.cpp's names and with its meanings; they work behind biases and the
/// penalties of presence and frequency.
package struct SamplerChain: Hashable, Sendable {
    package enum Stage: Hashable, Sendable, CaseIterable {
        case penalties, dry, topNSigma, topK, typicalP, topP, minP, xtc, temperature
    }

    /// In which order the stages come; those that are not named do nothing.
    package var stages = Stage.allCases
    /// 1 keeps all tokens.
    package var typicalP: Float = 1
    /// 0 or less keeps all tokens.
    package var topNSigma: Float = -1
    package var xtcProbability: Float = 0
    package var xtcThreshold: Float = 0.1
    /// 0 leaves the temperature as it is.
    package var dynamicTemperatureRange: Float = 0
    package var dynamicTemperatureExponent: Float = 1
    /// 1 penalizes nothing.
    package var repeatPenalty: Float = 1
    /// How many of the last tokens are penalized.
    package var repeatLastCount: Int32 = 64
    /// 0 penalizes nothing.
    package var dryMultiplier: Float = 0
    package var dryBase: Float = 1.75
    package var dryAllowedLength: Int32 = 2
    /// How many of the last tokens are looked at.
    package var dryLastCount: Int32 = 0
    package var dryBreakers = ["\n", ":", "\"", "*"]
    /// 0, 1 or 2. Takes the place of what truncates.
    package var mirostat: Int32 = 0
    package var mirostatTau: Float = 5
    package var mirostatEta: Float = 0.1
    /// How many tokens truncation leaves at least.
    package var minimumKept: UInt32 = 0
    /// The prompt's last tokens, which repetition penalty and DRY look at too.
    package var history: [TokenID] = []

    package init() {}
}
