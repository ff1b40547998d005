import Foundation
import HTTP
import RuntimeSupport
import Scheduling
import WireFormat

extension Routes {
    /// What speaks the answers of a chat.
    ///
    /// - Throws: 400 for an unknown voice; 501 or 503 where nothing speaks.
    func speaker(of audio: ChatAudio) async throws -> Speaker {
        do {
            return try await speaker(Speaker.Wish(voice: audio.voice, isAdmitted: true))
        } catch let error as APIError {
            throw error.inside("audio")
        }
    }

    /// Answers a chat aloud.
    func spokenCompletion(
        _ chat: SpokenChat,
        _ chunks: ChatCompletionStream,
        stream: Bool,
        owner: Owner
    ) async throws -> HTTPResponse {
        guard stream else { return try await wholeSpokenCompletion(chat, chunks, owner) }
        return .events { events in
            do {
                let said = Guarded<[Said]>(chat.generation.answers.map { _ in Said() })
                for index in chat.generation.answers.indices {
                    try await events.send(data: chunks.opening(index, isSpoken: true).text)
                }
                let usage = try await chat.follow { step, index in
                    let chunk: JSONValue
                    switch step {
                    case .answer(.content(let text, let logprobs), let details):
                        let id = said.withLock { $0[index].add(text) }
                        chunk = chunks.transcript(text, id: id, logprobs: logprobs, index, details)
                    case .answer(let event, let details):
                        chunk = said.withLock { $0[index].chunk(event, details, index, chunks) }
                    case .sound(let bytes): chunk = chunks.sound(Data(bytes).base64EncodedString(), index)
                    case .soundEnd:
                        let (id, text) = said.withLock { ($0[index].id, $0[index].message.content) }
                        chunk = chunks.soundEnd(
                            expiresAt: transcripts.insert(text, id: id, owner: owner),
                            index
                        )
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

    private func wholeSpokenCompletion(
        _ chat: SpokenChat,
        _ chunks: ChatCompletionStream,
        _ owner: Owner
    ) async throws -> HTTPResponse {
        let said = Guarded<[Said]>(chat.generation.answers.map { _ in Said() })
        let usage = try await chat.follow { step, index in
            said.withLock { said in
                switch step {
                case .answer(let event, let details): said[index].append(event, details)
                case .sound(let bytes): said[index].sound += bytes
                case .soundEnd: said[index].hasSound = true
                }
            }
        }
        let choices = said.withLock { $0 }.enumerated().map { index, said in
            var message = said.message
            if said.hasSound {
                message.audio = SpokenAnswer(
                    id: said.id,
                    data: Data(said.sound).base64EncodedString(),
                    expiresAt: transcripts.insert(message.content, id: said.id, owner: owner)
                )
            }
            return ChatCompletion.Choice(
                index: index,
                message: message,
                showsLogprobs: chunks.showsLogprobs,
                usesFunctions: chunks.usesFunctions,
                details: said.details
            )
        }
        return .json(ChatCompletion(header: chunks.header, choices: choices, usage: usage))
    }
}

/// What was said of one answer so far.
private struct Said {
    /// The sound's.
    let id = ResponseID.make("audio_")
    var message = CollectedMessage()
    var details = ToldDetails()
    var sound: [UInt8] = []
    var hasSound = false
    private var hasID = false

    /// Takes text.
    ///
    /// - Returns: The sound's id, the first time.
    mutating func add(_ text: String) -> String? {
        message.content += text
        defer { hasID = true }
        return hasID ? nil : id
    }

    mutating func append(_ event: AnswerEvent, _ details: ToldDetails) {
        message.append(event)
        self.details.append(details)
    }

    /// The chunk for what is not said; the input of custom tools has a form of its own.
    mutating func chunk(
        _ event: AnswerEvent,
        _ details: ToldDetails,
        _ index: Int,
        _ chunks: ChatCompletionStream
    ) -> JSONValue {
        switch event {
        case .callBegan(_, let call): message.calls.append(call)
        case .arguments(let number, let text) where message.calls[number].isCustom:
            return chunks.customInput(text, call: number, index, details)
        default: break
        }
        return chunks.chunk(event, index, details)
    }
}
