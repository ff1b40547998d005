import Scheduling
import Tokenizer
import WireFormat

extension Sampling {
    /// How the parameters of a request choose tokens; for OpenAI's defaults, the model's own distribution.
    ///
    /// - Parameters:
    ///   - parameters: The request's.
    ///   - seed: The seed of the first answer.
    ///   - choice: Which of several answers: each has a seed of its own.
    ///   - vocabulary: The model's.
    /// - Throws: 400 where a bias names a token that the vocabulary does not have.
    init(_ parameters: GenerationParameters, seed: Int64, choice: Int, vocabulary: Vocabulary) throws(APIError) {
        self.init()
        grammar = parameters.samplers.grammar.map { Grammar(rules: $0) }
        temperature = Float(parameters.samplers.dynamicTemperature ?? parameters.temperature ?? 1)
        topP = Float(parameters.topP ?? 1)
        topK = Int32(clamping: max(0, parameters.topK ?? 0))
        minP = Float(parameters.minP ?? 0)
        presencePenalty = Float(parameters.presencePenalty ?? 0)
        frequencyPenalty = Float(parameters.frequencyPenalty ?? 0)
        ignoresEnd = parameters.ignoresEndOfText
        logprobs = parameters.logprobs
        tellsDrawn = parameters.details.logprobForm == .llamaDrawn
        for entry in parameters.logitBias {
            guard let token = Token(exactly: entry.token), vocabulary.contains(token) else {
                throw .invalidRequest(
                    "Invalid 'logit_bias': the model's vocabulary has no token \(entry.token); it has \(vocabulary.size).",
                    param: "logit_bias",
                    code: "invalid_value"
                )
            }
            logitBias.append(LogitBias(token: token, bias: Float(entry.bias)))
        }
        self.seed = Self.mixed(UInt64(bitPattern: seed), UInt64(choice))
    }

    /// The sampler's seed, from all bits of the request's: neighbours, and the answers of one request, differ in all bits.
    private static func mixed(_ seed: UInt64, _ choice: UInt64) -> UInt32 {
        // The finalizer of SplitMix64 (Steele, Lea and Flood, 2014).
        var mixed = seed &+ choice &* 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        let short = UInt32(truncatingIfNeeded: mixed ^ mixed >> 31)
        // llama.cpp takes the highest number for a request to choose a seed itself.
        return min(short, .max - 1)
    }
}
