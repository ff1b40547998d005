import Foundation
import HTTP
import Llama
import Media
import RuntimeSupport
import Speech
import WireFormat

extension Routes {
    /// Answers `POST /v1/audio/speech`.
    ///
    /// The answer begins with the first sound: what fails before is an error with a status.
    func createSpeech(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try request.decode(SpeechRequest.self)
        let service = try speechService
        try body.checkLength(limit: service.inputLimit)
        let wish = Speaker.Wish(model: body.model, voice: body.voice, language: body.language, seed: body.seed)
        let speech = try await SpokenAnswer(body, speaker(wish))
        guard body.streamFormat == .sse else {
            return HTTPResponse(
                headers: ["Content-Type": body.format.audio.contentType],
                body: .stream { writer in
                    _ = try await speech.encode { bytes in try await writer.write(bytes) }
                }
            )
        }
        return .events { stream in
            do {
                let duration = try await speech.encode { bytes in
                    let event = SpeechStreamEvent.delta(audio: Data(bytes).base64EncodedString())
                    try await stream.send(data: event.json.text)
                }
                try await stream.send(data: speech.closing(duration).json.text)
            } catch let error as APIError {
                try await stream.send(data: error.json.text)
            }
        }
    }

    /// What speaks.
    ///
    /// - Throws: 501 where it is not built in, 503 where it could not be started.
    var speechService: SpeechService {
        get throws(APIError) {
            // A neural model speaks without espeak-ng, but nothing does without files of sound.
            if case .failure(let error) = speech.eSpeak, catalog.standard(.speech) == nil || MediaLibrary.version == nil
            {
                throw APIError(error)
            }
            return speech
        }
    }
}

/// Speech on its way to a client.
private struct SpokenAnswer: Sendable {
    /// Parts of the file that are sent at once, in bytes; those at the end of a sentence may be smaller.
    private static let partSize = 4096
    /// As OpenAI's models count sound.
    private static let tokensPerSecond = 20.0

    private let first: SpeechEvent
    private let rest: SpeechStream
    private let request: SpeechRequest
    /// It holds what speaks.
    private let speaker: Speaker

    /// Has something spoken, and waits for the first sound.
    ///
    /// - Throws: 400 where nothing of it makes a sound; what the engine failed with.
    init(_ request: SpeechRequest, _ speaker: Speaker) async throws {
        guard let stream = try await speaker.speak(request.input) else { throw APIError.nothingToSay }
        rest = stream
        self.request = request
        self.speaker = speaker
        while let event = await rest.next() {
            switch event {
            case .sound:
                first = event
                return
            case .pieceEnd: continue
            case .finished: throw APIError.nothingToSay
            case .failed(let error): throw APIError(error)
            }
        }
        throw CancellationError()
    }

    /// Hands the file over as it is made.
    ///
    /// - Returns: How long the sound is.
    func encode(_ write: (_ bytes: [UInt8]) async throws -> Void) async throws -> Duration {
        let file = try SpeechEncoding(request.format.audio, sampleRate: speaker.sampleRate, speed: request.speed)
        var bytes: [UInt8] = []
        var isFirst = true
        var event: SpeechEvent? = first
        while let current = event {
            var isEnd = false
            switch current {
            case .sound(let samples): bytes += try await file.add(samples)
            case .pieceEnd(let pause):
                bytes += try await file.endPiece(pause: pause)
                isEnd = true
            case .finished:
                bytes += try await file.close()
                try await write(bytes)
                return await file.duration
            case .failed(let error): throw APIError(error)
            }
            if !bytes.isEmpty, isFirst || isEnd || bytes.count >= Self.partSize {
                try await write(bytes)
                bytes = []
                isFirst = false
            }
            event = await rest.next()
        }
        throw CancellationError()
    }

    /// The last event of a stream of events.
    ///
    /// What speaks has no tokens that could be counted: a character of the input counts for one.
    func closing(_ duration: Duration) -> SpeechStreamEvent {
        .done(
            inputTokens: request.input.unicodeScalars.count,
            outputTokens: Int((duration / .seconds(1) * Self.tokensPerSecond).rounded(.up))
        )
    }
}

extension SpeechRequest.Format {
    fileprivate var audio: AudioFormat {
        switch self {
        case .mp3: .mp3
        case .opus: .opus
        case .aac: .aac
        case .flac: .flac
        case .wav: .wav
        case .pcm: .pcm
        }
    }
}
