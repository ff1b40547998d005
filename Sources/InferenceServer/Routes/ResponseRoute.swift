import HTTP
import Scheduling
import WireFormat

extension Routes {
    /// Answers `POST /v1/responses`.
    func createResponse(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try request.decode(ResponseRequest.self)
        let owner = Owner(request.principal)
        let history = try ResponseHistory(body.source, store: responses, owner: owner)
        let lease = try await catalog.lease(body.source.model)
        let prompt = try await history.prompt(
            body.shaping,
            answerTokens: body.generation.maximumTokens,
            model: lease.model
        )
        let generation = try await ChatGeneration(
            prompt,
            parameters: body.generation,
            lease: lease,
            owner: owner,
            param: "input"
        )
        let response = ResponseObject(
            id: ResponseID.make("resp_"),
            created: now(),
            model: lease.model.id,
            echo: body.echo,
            status: body.isBackground ? .queued : .inProgress
        )
        let writer = ResponseWriter(response, wrapsReasoning: body.wrapsReasoning)
        let keep = { @Sendable [responses] (run: ResponseRun) in
            guard body.isStored else { return }
            responses.insert(
                StoredResponse(owner: owner, earlier: history.earlier, input: history.input, run: run)
            )
        }
        if body.isBackground {
            let run = background(generation, writer)
            keep(run)
            return body.generation.stream.isEnabled ? events(of: run) : .json(run.response)
        }
        guard body.generation.stream.isEnabled else {
            var writer = writer
            _ = writer.open()
            let report = try await generation.follow { _ = writer.append($0) }
            _ = writer.finish(report.usage, at: now())
            keep(ResponseRun(finished: writer.response))
            return .json(writer.response)
        }
        return .events { events in
            var writer = writer
            let send = { (step: [ResponseEvent]) in
                for event in step { try await events.send(event: event.type, data: event.json.text) }
            }
            let last: [ResponseEvent]
            do {
                try await send(writer.open() + writer.start())
                let report = try await generation.follow { try await send(writer.append($0)) }
                last = writer.finish(report.usage, at: now())
            } catch let error as APIError {
                last = writer.fail(error)
            }
            // Before it is told of: the next request may refer to it at once.
            keep(ResponseRun(finished: writer.response))
            try await send(last)
        }
    }

    /// Makes a response that nobody needs to wait for.
    private func background(_ generation: ChatGeneration, _ writer: ResponseWriter) -> ResponseRun {
        ResponseRun(writer) { [responses, now] run in
            do {
                var isStarted = false
                let report = try await generation.follow { step in
                    if !isStarted { run.advance { $0.start() } }
                    isStarted = true
                    run.advance { $0.append(step) }
                }
                run.advance { $0.finish(report.usage, at: now()) }
            } catch let error as APIError {
                run.advance { $0.fail(error) }
            } catch {
                run.cancel()
            }
            responses.settle(run.response.id)
        }
    }

    /// Answers `POST /v1/responses/input_tokens`.
    func countResponseTokens(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try request.decode(ResponseCountRequest.self)
        let history = try ResponseHistory(body.source, store: responses, owner: Owner(request.principal))
        let lease = try await catalog.lease(body.source.model)
        let prompt = try await history.prompt(body.shaping, answerTokens: nil, model: lease.model)
        let tokens = JSONValue(prompt.content.tokenCount)
        let answer: JSONValue = ["object": "response.input_tokens", "input_tokens": tokens]
        return .json(answer)
    }

    /// Answers `POST /v1/responses/compact`: the model sums the conversation up.
    func compactResponse(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try request.decode(ResponseCompactRequest.self)
        let owner = Owner(request.principal)
        let history = try ResponseHistory(body.source, store: responses, owner: owner)
        let lease = try await catalog.lease(body.source.model)
        var conversation = Conversation()
        try conversation.take(history.earlier + history.input, instructions: body.source.instructions)
        conversation.turns.append(Turn(.user, Self.compaction))
        conversation.reasoning.isEnabled = false
        var parameters = GenerationParameters(temperature: 0)
        parameters.maximumTokens = min(2048, lease.model.contextLength / 4)
        parameters.serviceTier = body.serviceTier
        let generation = try await ChatGeneration(
            conversation,
            parameters: parameters,
            lease: lease,
            owner: owner,
            param: "input"
        )
        let (messages, usage) = try await generation.collect()
        let answer: JSONValue = [
            "id": .string(ResponseID.make("resp_")), "object": "response.compaction", "created_at": JSONValue(now()),
            "output": [ResponseItem(.summary(messages[0].message.content)).json], "usage": usage.responseJSON,
        ]
        return .json(answer)
    }

    private static let compaction =
        "Sum up our conversation so far, so that it can be continued from your summary alone. Keep all facts, names, "
        + "numbers, decisions, results and open questions. Write nothing but the summary."

    /// All events of a response that is made in the background, as they come.
    func events(of run: ResponseRun, from first: Int = 0) -> HTTPResponse {
        .events { events in
            try await run.follow(from: first) { try await events.send(event: $0.type, data: $0.data) }
        }
    }
}
