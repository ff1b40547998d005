import HTTP
import Scheduling
import Tokenizer
import WireFormat

extension Routes {
    /// Answers `POST /completion`: an object for one answer, an array for several; streamed, each answer ends with its
    /// own closing event.
    func completion(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try request.decode(LlamaCompletionRequest.self)
        let lease = try await catalog.lease(body.model)
        let parameters = body.generation.tellingPieces
        let answers = try await AnswerSet(
            prompts: try body.prompt.inputs(for: lease.model).map { PromptContent($0.tokens) },
            parameters: parameters,
            stops: parameters.stop,
            lease: lease,
            owner: Caller.owner,
            promptParameter: "prompt"
        )
        return try await LlamaDialect(answers, parameters, model: lease.model.id).response()
    }
}

extension Routes {
    /// Answers `POST /infill`: what comes between two texts, in the same form.
    func infill(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try request.decode(InfillRequest.self)
        let lease = try await catalog.lease(body.model)
        let prompt = try lease.model.infillPrompt(body)
        let parameters = body.generation.tellingPieces
        let answers = try await AnswerSet(
            prompts: [PromptContent(prompt)],
            parameters: parameters,
            stops: parameters.stop,
            lease: lease,
            owner: Caller.owner,
            promptParameter: "input_prefix"
        )
        return try await LlamaDialect(answers, parameters, model: lease.model.id).response()
    }
}

extension ChatModel {
    /// - Throws: 400 where the model has no tokens for such prompts, and where the prompt can't fit.
    fileprivate func infillPrompt(_ request: InfillRequest) throws(APIError) -> [Token] {
        guard let fill = FillInTheMiddle(vocabulary) else {
            throw .invalidRequest(
                "The model `\(id)` can't fill in: its vocabulary lacks the tokens for it. Please use a model for code.",
                param: "input_suffix",
                code: "fill_in_the_middle_not_supported"
            )
        }
        let texts = [request.prefix, request.suffix] + request.files.map(\.text)
        try checkFits(texts.reduce(0) { $0 + vocabulary.minimumTokenCount(of: $1) }, param: "input_prefix")
        do {
            return try fill.prompt(
                prefix: request.prefix,
                suffix: request.suffix,
                files: request.files.map { FillInTheMiddle.File(name: $0.name, text: $0.text) }
            )
        } catch {
            throw APIError(error, param: "input_prefix")
        }
    }
}

extension GenerationParameters {
    /// With the ids of tokens in each piece of a stream, where llama-server always has them.
    fileprivate var tellingPieces: Self {
        var parameters = self
        if stream.isEnabled { parameters.details.tellsTokens = true }
        return parameters
    }
}

/// Answers in llama-server's form.
private struct LlamaDialect {
    private let answers: AnswerSet
    private let parameters: GenerationParameters
    private let model: String

    init(_ answers: AnswerSet, _ parameters: GenerationParameters, model: String) {
        self.answers = answers
        self.parameters = parameters
        self.model = model
    }

    /// Whole, or as it comes.
    func response() async throws -> HTTPResponse {
        if parameters.stream.isEnabled { return stream() }
        let completions = try await collect()
        return completions.count == 1 ? .json(completions[0]) : .json(JSONValue.array(completions.map(\.json)))
    }

    /// Each answer whole, in order.
    private func collect() async throws -> [LlamaCompletion] {
        try await withThrowingTaskGroup { group in
            for (index, answer) in answers.answers.enumerated() {
                group.addTask {
                    var answer = answer
                    var (text, logprobs) = ("", [TokenLogprob]())
                    while let part = try await answer.next() {
                        switch part {
                        case .prompt, .progress: break
                        case .text(let piece, let tokens):
                            text += piece
                            logprobs += tokens
                        case .end(let reason, let usage):
                            return LlamaCompletion(
                                index: index,
                                content: text,
                                logprobs: logprobs,
                                details: answer.takeDetails(),
                                ending: ending(answer, reason, usage)
                            )
                        }
                    }
                    throw APIError.internalServer
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.index < $1.index }
        }
    }

    /// Each piece as an event; an error after the start is an event of its own, and nothing follows it.
    private func stream() -> HTTPResponse {
        .events { [self] events in
            do {
                try await withThrowingTaskGroup { group in
                    for (index, answer) in answers.answers.enumerated() {
                        group.addTask {
                            var answer = answer
                            while let part = try await answer.next() {
                                guard let piece = piece(part, of: &answer, index) else { continue }
                                try await events.send(data: piece.json.text)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            } catch let error as APIError {
                try await events.send(data: error.json.text)
            }
        }
    }

    private func piece(_ part: Answer.Part, of answer: inout Answer, _ index: Int) -> LlamaCompletion? {
        var details = answer.takeDetails()
        switch part {
        case .prompt: return nil
        case .progress(let progress):
            details.progress = progress
            return LlamaCompletion(index: index, content: "", details: details)
        case .text(let text, let logprobs):
            return LlamaCompletion(index: index, content: text, logprobs: logprobs, details: details)
        case .end(let reason, let usage):
            return LlamaCompletion(index: index, content: "", details: details, ending: ending(answer, reason, usage))
        }
    }

    private func ending(
        _ answer: Answer,
        _ reason: WireFormat.FinishReason,
        _ usage: TokenUsage
    ) -> LlamaCompletion.Ending {
        let stop: LlamaCompletion.Stop =
            answer.stoppingWord.map { .word($0) } ?? (reason == .length ? .limit : .endOfText)
        return LlamaCompletion.Ending(
            stop: stop,
            model: model,
            usage: answers.usage(usage),
            timings: answer.timings,
            fields: parameters.details.fields
        )
    }
}
