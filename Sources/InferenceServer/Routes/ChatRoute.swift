import HTTP
import Scheduling
import Tokenizer
import WireFormat

extension Routes {
    /// Answers `POST /v1/chat/completions`.
    func chatCompletions(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try request.decode(ChatRequest.self)
        let lease = try await catalog.lease(body.model)
        let model = lease.model
        let prompt = try ChatPrompt(body.messages, model: model)
        let answers = try await AnswerSet(
            prompts: [prompt.tokens],
            parameters: body.generation,
            stops: body.generation.stop + prompt.stops,
            lease: lease,
            owner: Owner(request.principal),
            promptParameter: "messages"
        )
        let header = ResponseHeader(
            id: ResponseID.chatCompletion(),
            created: now(),
            model: model.id,
            systemFingerprint: model.fingerprint,
            serviceTier: body.generation.serviceTier?.served
        )
        guard body.generation.stream.isEnabled else {
            let (choices, usage) = try await answers.collect()
            return .json(
                ChatCompletion(
                    header: header,
                    choices: choices.enumerated().map { index, choice in
                        ChatCompletion.Choice(index: index, content: choice.text, finishReason: choice.reason)
                    },
                    usage: usage
                )
            )
        }
        let chunks = ChatCompletionStream(header: header, includesUsage: body.generation.stream.includesUsage)
        return answers.stream(
            opening: chunks.opening,
            content: chunks.content,
            closing: chunks.closing,
            usage: chunks.includesUsage ? chunks.usage : nil
        )
    }
}
