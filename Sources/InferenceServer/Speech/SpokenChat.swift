import Media
import RuntimeSupport
import Speech
import WireFormat

/// The answers of a chat, spoken while they are generated.
///
/// Each sentence is spoken as soon as it is whole. Neither waits for the other: what is generated and not spoken yet is text, as much
/// of it as the answer is long.
struct SpokenChat: Sendable {
    enum Step: Sendable {
        /// Of the answer itself; its `.end` comes behind its sound.
        case answer(AnswerEvent, ToldDetails)
        /// The next bytes of the file.
        case sound([UInt8])
        /// Behind all sound; an answer without text has none.
        case soundEnd
    }

    /// What is to be said, in order; `end` comes last.
    private enum Line: Sendable {
        case sentence(String)
        case end(AnswerEvent, ToldDetails)
    }

    /// Parts of the file that are sent at once, in bytes; those at the end of a sentence may be smaller.
    private static let partSize = 4096

    let generation: ChatGeneration
    let speaker: Speaker
    let format: AudioFormat
    /// Held for as long as something is spoken.
    let pass: TalkPass

    /// Hands on all steps of all answers as they come, each with the index of its answer; the answers take turns.
    ///
    /// - Parameter send: Sends one step on; it waits for as long as the client does not read.
    /// - Returns: What the text cost.
    /// - Throws: What `send` throws; `APIError` where an answer could not be finished or spoken; then the others end too.
    func follow(_ send: @escaping @Sendable (Step, Int) async throws -> Void) async throws -> Usage {
        defer { withExtendedLifetime(pass) {} }
        let scripts = generation.answers.map { _ in AsyncStream.makeStream(of: Line.self) }
        let flows = Guarded(generation.answers.map { _ in SentenceFlow() })
        return try await withThrowingTaskGroup(of: Usage?.self) { group in
            for (index, script) in scripts.enumerated() {
                group.addTask {
                    try await say(script.stream) { try await send($0, index) }
                    return nil
                }
            }
            group.addTask {
                try await generation.stream { event, index, details in
                    let script = scripts[index].continuation
                    switch event {
                    case .content(let text, _):
                        try await send(.answer(event, details), index)
                        for sentence in flows.withLock({ $0[index].append(text) }) { script.yield(.sentence(sentence)) }
                    case .end:
                        for sentence in flows.withLock({ $0[index].finish() }) { script.yield(.sentence(sentence)) }
                        script.yield(.end(event, details))
                        script.finish()
                    case .reasoning, .callBegan, .arguments:
                        try await send(.answer(event, details), index)
                    }
                }
            }
            var usage: Usage?
            for try await result in group { usage = usage ?? result }
            guard let usage else { throw CancellationError() }
            return usage
        }
    }

    /// Speaks one answer, sentence by sentence.
    private func say(_ script: AsyncStream<Line>, _ send: (Step) async throws -> Void) async throws {
        let file = try SpeechEncoding(format, sampleRate: speaker.sampleRate, speed: 1)
        var hasText = false
        var end: Step?
        for await line in script {
            switch line {
            case .sentence(let text):
                hasText = true
                guard let sound = try await speaker.speak(SpokenMarkdown.words(text)) else { continue }
                try await encode(sound, onto: file, send)
            case .end(let event, let details): end = .answer(event, details)
            }
        }
        // Without its end, the script was cut off with the task.
        guard let end else { throw CancellationError() }
        if hasText {
            let rest = try await file.close()
            if !rest.isEmpty { try await send(.sound(rest)) }
            try await send(.soundEnd)
        }
        try await send(end)
    }

    /// Sends the sound of one sentence.
    private func encode(
        _ sound: SpeechStream,
        onto file: SpeechEncoding,
        _ send: (Step) async throws -> Void
    ) async throws {
        var bytes: [UInt8] = []
        while let event = await sound.next() {
            var isEnd = false
            switch event {
            case .sound(let samples): bytes += try await file.add(samples)
            case .pieceEnd(let pause):
                bytes += try await file.endPiece(pause: pause)
                isEnd = true
            case .finished: return
            case .failed(let error): throw APIError(error)
            }
            guard !bytes.isEmpty, isEnd || bytes.count >= Self.partSize else { continue }
            try await send(.sound(bytes))
            bytes = []
        }
        throw CancellationError()
    }
}

extension ChatAudio.Format {
    var audio: AudioFormat {
        switch self {
        case .wav: .wav
        case .aac: .aac
        case .mp3: .mp3
        case .flac: .flac
        case .opus: .opus
        case .pcm16: .pcm
        }
    }
}
