import HTTP
import Scheduling
import Tokenizer
import WireFormat

extension Routes {
    /// Answers `POST /v1/completions`, and `POST /v1/engines/{engine}/completions`.
    func completions(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try request.decode(CompletionRequest.self)
        let engine = request.parameters["engine"]
        if let engine, let name = body.model, name != engine {
            throw APIError.invalidRequest("The path names another model than the parameter 'model'.", param: "model")
        }
        let lease = try await catalog.lease(engine ?? body.model)
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
    func tokenized(for model: ChatModel) throws(APIError) -> [[Token]] {
        switch self {
        case .text(let text): [try model.tokenize(text, param: "prompt")]
        case .texts(let texts): try texts.map { text throws(APIError) in try model.tokenize(text, param: "prompt") }
        case .tokens(let tokens): [try model.vocabulary.checked(tokens, param: "prompt")]
        case .tokenLists(let lists):
            try lists.map { list throws(APIError) in try model.vocabulary.checked(list, param: "prompt") }
        }
    }
}
