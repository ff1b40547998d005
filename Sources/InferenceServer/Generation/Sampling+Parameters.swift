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
    init(_ parameters: GenerationParameters, seed: UInt32, choice: Int, vocabulary: Vocabulary) throws(APIError) {
        self.init()
        temperature = Float(parameters.temperature ?? 1)
        topP = Float(parameters.topP ?? 1)
        topK = Int32(clamping: max(0, parameters.topK ?? 0))
        minP = Float(parameters.minP ?? 0)
        presencePenalty = Float(parameters.presencePenalty ?? 0)
        frequencyPenalty = Float(parameters.frequencyPenalty ?? 0)
        ignoresEnd = parameters.ignoresEndOfText
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
        self.seed = Self.usable(seed &+ UInt32(truncatingIfNeeded: choice))
    }

    /// llama.cpp takes the highest number for a request to choose a seed itself.
    private static func usable(_ seed: UInt32) -> UInt32 { seed == .max ? .max - 1 : seed }
}
