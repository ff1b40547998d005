import HTTP
import Scheduling
import WireFormat

extension Routes {
    /// Answers `POST /v1/completions`, and its older names.
    func completions(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try request.decode(CompletionRequest.self)
        let lease = try await catalog.lease(try modelName(request, body.model))
        let model = lease.model
        let inputs = try body.prompt.inputs(for: model, suffix: body.suffix)
        var parameters = body.generation
        parameters.count = body.candidates
        // What is best can't be told without.
        if body.candidates > body.generation.count { parameters.logprobs = parameters.logprobs ?? 0 }
        let answers = try await AnswerSet(
            prompts: inputs.map { PromptContent($0.tokens) },
            parameters: parameters,
            stops: parameters.stop,
            scoring: body.echoesPrompt ? body.generation.logprobs.map { PromptScoring(top: $0) } : nil,
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
        let (candidates, vocabulary) = (body.candidates, model.vocabulary)
        let begin = { @Sendable (index: Int) in
            CompletionAnswer(to: inputs[index / candidates], body, vocabulary: vocabulary)
        }
        guard !body.generation.stream.isEnabled else {
            let chunks = CompletionStream(header: header, includesUsage: body.generation.stream.includesUsage)
            return answers.stream(chunks, begin)
        }
        let (collected, usage) = try await answers.collect(begin)
        let told = collected.best(body.generation.count, ofEach: candidates)
        return .json(
            Completion(
                header: header,
                choices: told.enumerated().map { index, answer in
                    Completion.Choice(
                        index: index,
                        text: answer.text,
                        finishReason: answer.reason,
                        logprobs: answer.logprobs,
                        details: answer.details
                    )
                },
                usage: usage
            )
        )
    }
}

extension [CollectedCompletion] {
    /// Of each run of so many candidates the likeliest, likeliest first; all of them as they come where none is left out.
    fileprivate func best(_ count: Int, ofEach candidates: Int) -> [CollectedCompletion] {
        guard count < candidates else { return self }
        return stride(from: 0, to: self.count, by: candidates).flatMap { first in
            self[first..<first + candidates].enumerated()
                .sorted { ($1.element.likelihood, $0.offset) < ($0.element.likelihood, $1.offset) }
                .prefix(count).map(\.element)
        }
    }
}
