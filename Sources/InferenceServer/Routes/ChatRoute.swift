import HTTP
import RuntimeSupport
import Scheduling
import Tokenizer
import WireFormat

extension Routes {
    /// Answers `POST /v1/chat/completions`.
    func chatCompletions(_ request: HTTPRequest) async throws -> HTTPResponse {
        var body = try request.decode(ChatRequest.self)
        let owner = Owner(request.principal)
        body.conversation = try transcripts.recall(body.conversation, owner: owner)
        var speaker: Speaker?
        if let audio = body.audio { speaker = try await self.speaker(of: audio) }
        let pass = try speaker.map { _ in try talks.enter(body.generation.count) }
        body.conversation = try await transcribed(body.conversation, for: body.model, owner: owner)
        let lease = try await catalog.lease(body.model)
        let header = ResponseHeader(
            id: ResponseID.chatCompletion(),
            created: now(),
            model: lease.model.id,
            systemFingerprint: lease.model.fingerprint,
            serviceTier: body.generation.serviceTier?.served
        )
        var prompt: WebUIPrompt?
        if let webUI = body.webUI { prompt = try await webUIPrompt(body, webUI, model: lease.model) }
        if let prompt, let mode = body.webUI?.mode, mode != .instruct {
            return try await dialogue(request, body, prompt, header: header, lease: lease)
        }
        var template: PromptTemplate?
        if case .conversation(_, let found)? = prompt?.content { template = found }
        let generation = try await ChatGeneration(
            body.conversation,
            parameters: body.generation,
            lease: lease,
            owner: owner,
            template: template
        )
        let showsLogprobs = body.generation.logprobs != nil
        let chunks = ChatCompletionStream(
            header: header,
            includesUsage: body.generation.stream.includesUsage,
            showsLogprobs: showsLogprobs,
            usesFunctions: body.usesFunctions,
            showsMessage: body.webUI?.mode != nil
        )
        if let audio = body.audio, let speaker, let pass {
            let chat = SpokenChat(generation: generation, speaker: speaker, format: audio.format.audio, pass: pass)
            return try await spokenCompletion(chat, chunks, stream: body.generation.stream.isEnabled, owner: owner)
        }
        guard body.generation.stream.isEnabled else {
            let (messages, usage) = try await generation.collect()
            let choices = messages.enumerated().map { index, answer in
                ChatCompletion.Choice(
                    index: index,
                    message: answer.message,
                    showsLogprobs: showsLogprobs,
                    usesFunctions: body.usesFunctions,
                    details: answer.details
                )
            }
            return .json(ChatCompletion(header: header, choices: choices, usage: usage))
        }
        return .events { events in
            do {
                for index in generation.answers.indices { try await events.send(data: chunks.opening(index).text) }
                // The calls of custom tools, by answer and number.
                let customCalls = Guarded<Set<[Int]>>([])
                let usage = try await generation.stream { event, index, details in
                    var chunk = chunks.chunk(event, index, details)
                    switch event {
                    case .callBegan(let number, let call) where call.isCustom:
                        customCalls.withLock { _ = $0.insert([index, number]) }
                    case .arguments(let number, let text) where customCalls.withLock({ $0.contains([index, number]) }):
                        chunk = chunks.customInput(text, call: number, index, details)
                    default: break
                    }
                    try await events.send(data: chunk.text)
                }
                if chunks.includesUsage { try await events.send(data: chunks.usage(usage).text) }
                try await events.send(data: "[DONE]")
            } catch let error as APIError {
                try await events.send(data: error.json.text)
            }
        }
    }
}
