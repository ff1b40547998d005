import HTTP
import Scheduling
import Tokenizer
import WireFormat

extension Routes {
    /// Answers `POST /v1/completions`.
    func completions(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try request.decode(CompletionRequest.self)
        let lease = try await catalog.lease(body.model)
        let model = lease.model
        let answers = try await AnswerSet(
            prompts: try body.prompt.tokenized(for: model),
            parameters: body.generation,
            stops: body.generation.stop,
            lease: lease,
            owner: Owner(request.principal),
            promptParameter: "prompt"
        )
        let header = ResponseHeader(
            id: ResponseID.completion(),
            created: now(),
            model: model.id,
            systemFingerprint: model.fingerprint,
            serviceTier: body.generation.serviceTier?.served
        )
        guard body.generation.stream.isEnabled else {
            let (choices, usage) = try await answers.collect()
            return .json(
                Completion(
                    header: header,
                    choices: choices.enumerated().map { index, choice in
                        Completion.Choice(index: index, text: choice.text, finishReason: choice.reason)
                    },
                    usage: usage
                )
            )
        }
        let chunks = CompletionStream(header: header, includesUsage: body.generation.stream.includesUsage)
        return answers.stream(
            opening: nil,
            content: chunks.content,
            closing: chunks.closing,
            usage: chunks.includesUsage ? chunks.usage : nil
        )
    }
}

extension CompletionPrompt {
    /// The tokens of each prompt.
    ///
    /// - Throws: 400 where one is empty, can't fit, or holds ids that the vocabulary does not have.
    fileprivate func tokenized(for model: ChatModel) throws(APIError) -> [[Token]] {
        switch self {
        case .text(let text): [try model.tokenize(text, param: "prompt")]
        case .texts(let texts): try texts.map { text throws(APIError) in try model.tokenize(text, param: "prompt") }
        case .tokens(let tokens): [try Self.checked(tokens, model)]
        case .tokenLists(let lists): try lists.map { list throws(APIError) in try Self.checked(list, model) }
        }
    }

    private static func checked(_ ids: [Int], _ model: ChatModel) throws(APIError) -> [Token] {
        try ids.map { id throws(APIError) in
            guard let token = Token(exactly: id), model.vocabulary.contains(token) else {
                throw .invalidRequest(
                    "Invalid 'prompt': the model's vocabulary has no token \(id); it has \(model.vocabulary.size).",
                    param: "prompt",
                    code: "invalid_value"
                )
            }
            return token
        }
    }
}
