/// Samplers of llama.cpp's and text-generation-webui's requests that OpenAI's know nothing of.
///
/// Nil stands for what the request leaves to the server.
package struct SamplerParameters: Sendable, Equatable {
    /// The stages of llama.cpp's chain of samplers, by its names.
    package enum Stage: String, Sendable, CaseIterable {
        case penalties, dry
        case topNSigma = "top_n_sigma"
        case topK = "top_k"
        case typicalP = "typ_p"
        case topP = "top_p"
        case minP = "min_p"
        case xtc, temperature
    }

    /// A grammar in GBNF that the answer is held to.
    package var grammar: String?

    /// The stages in order; those that are not named do nothing.
    package var stages: [Stage]?

    package var typicalP: Double?
    package var topNSigma: Double?
    package var xtcProbability: Double?
    package var xtcThreshold: Double?

    /// By how much the temperature may be lower or higher.
    package var dynamicTemperatureRange: Double?
    package var dynamicTemperatureExponent: Double?

    /// The middle of a range of temperatures; goes before `temperature`.
    package var dynamicTemperature: Double?

    /// Above 0; 1 is none.
    package var repeatPenalty: Double?

    /// How many tokens are looked back at; -1 for all of the context.
    package var repeatLastCount: Int?
    package var dryMultiplier: Double?
    package var dryBase: Double?
    package var dryAllowedLength: Int?

    /// How many tokens are looked back at; -1 for all of the context.
    package var dryLastCount: Int?
    package var dryBreakers: [String]?

    /// 0, 1 or 2.
    package var mirostat: Int?
    package var mirostatTau: Double?
    package var mirostatEta: Double?
    package var minimumKept: Int?

    package init() {}

    /// Whether anything is asked for but a grammar.
    package var hasSamplers: Bool {
        var plain = Self()
        plain.grammar = grammar
        return self != plain
    }
}
