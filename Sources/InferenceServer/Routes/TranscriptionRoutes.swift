import HTTP
import Media
import RuntimeSupport
import Whisper
import WireFormat

extension Routes {
    /// Answers `POST /v1/audio/transcriptions`.
    func createTranscription(_ request: HTTPRequest) async throws -> HTTPResponse {
        let (body, form) = try request.decode(form: TranscriptionRequest.self)
        return try await transcribe(body, Array(form[body.file]))
    }

    /// Answers `POST /v1/audio/translations`.
    func createTranslation(_ request: HTTPRequest) async throws -> HTTPResponse {
        let (body, form) = try request.decode(form: TranslationRequest.self)
        return try await transcribe(body.transcription, Array(form[body.transcription.file]))
    }

    private func transcribe(_ request: TranscriptionRequest, _ sound: [UInt8]) async throws -> HTTPResponse {
        guard MediaLibrary.version != nil else { throw APIError.cannotDecode }
        let options = try TranscriptionOptions(request, catalog.transcription)
        let lease = try await catalog.leaseTranscriber(request.model)
        let run = try TranscriptionAnswer(request, sound, options, lease)
        return request.streams ? try await run.stream() : try await run.collect()
    }
}

/// A transcription on its way to a client.
private struct TranscriptionAnswer: Sendable {
    let request: TranscriptionRequest
    /// Held until the end.
    let lease: ModelLease<TranscriptionModel>
    let events: TranscriptionStream

    /// Has a sound transcribed.
    ///
    /// - Throws: What a client can mend, or a full queue.
    init(
        _ request: TranscriptionRequest,
        _ sound: [UInt8],
        _ options: TranscriptionOptions,
        _ lease: ModelLease<TranscriptionModel>
    ) throws(APIError) {
        self.request = request
        self.lease = lease
        do throws(WhisperError) {
            guard !sound.isEmpty else { throw WhisperError(.badSound, "the file is empty") }
            events = try lease.model.transcribe(sound, options)
        } catch {
            if case .queueFull = error.code { lease.model.file.count(.rejected) }
            throw APIError(error)
        }
    }

    /// The answer as a whole.
    func collect() async throws -> HTTPResponse {
        var collected = CollectedTranscription(request)
        while let event = await events.next() {
            switch event {
            case .segment(let segment): _ = collected.add(segment)
            case .finished(let summary):
                count(.finished, summary)
                return response(collected.object(summary))
            case .failed(let error): throw failure(error)
            }
        }
        count(.cancelled)
        throw CancellationError()
    }

    /// The answer in events; what fails before the first is an error with a status.
    func stream() async throws -> HTTPResponse {
        guard let first = await events.next() else {
            count(.cancelled)
            throw CancellationError()
        }
        if case .failed(let error) = first { throw failure(error) }
        return .events { stream in
            var collected = CollectedTranscription(request)
            var event: TranscriptionEvent? = first
            while let current = event {
                switch current {
                case .segment(let segment):
                    let added = collected.add(segment)
                    let logprobs = request.includesLogprobs ? added.logprobs : nil
                    if !added.text.isEmpty {
                        try await stream.send(data: TranscriptionObject.delta(added.text, logprobs: logprobs).text)
                    }
                case .finished(let summary):
                    count(.finished, summary)
                    return try await stream.send(data: collected.object(summary).done.text)
                case .failed(let error): return try await stream.send(data: failure(error).json.text)
                }
                event = await events.next()
            }
            count(.cancelled)
            throw CancellationError()
        }
    }

    private func response(_ object: TranscriptionObject) -> HTTPResponse {
        switch request.format {
        case .json, .diarizedJSON: .json(object.brief)
        case .verboseJSON: .json(object.verbose)
        case .text: .text(object.text + "\n")
        case .srt: .text(Subtitles.srt(object.segments ?? []))
        case .vtt: .text(Subtitles.vtt(object.segments ?? []))
        }
    }

    private func failure(_ error: WhisperError) -> APIError {
        count(.failed)
        return APIError(error)
    }

    private func count(_ outcome: TranscriptionCounts.Outcome, _ summary: TranscriptionSummary? = nil) {
        lease.model.file.count(outcome, seconds: summary?.duration ?? 0)
    }
}

extension TranscriptionFile {
    /// Takes down what became of a request.
    func count(_ outcome: TranscriptionCounts.Outcome, seconds: Double = 0) {
        board.withLock { counts in
            counts.requests[outcome, default: 0] += 1
            counts.seconds += seconds
        }
    }
}

extension HTTPResponse {
    fileprivate static func text(_ text: String) -> HTTPResponse {
        var headers = HTTPHeaders()
        headers["Content-Type"] = "text/plain; charset=utf-8"
        return HTTPResponse(headers: headers, body: .bytes(Array(text.utf8)))
    }
}

extension APIError {
    /// 501: nothing reads files of sound.
    static let cannotDecode = APIError(
        status: 501,
        message:
            "This server was built without FFmpeg, which reads files of sound: it takes the package's trait FFmpeg, which is under the GPL.",
        kind: .server,
        code: "not_implemented"
    )

    /// What a client is told that gets no transcription.
    init(_ error: WhisperError) {
        switch error.code {
        case .badSound:
            self = .invalidRequest(
                "Invalid 'file': \(error.description). Formats that are read: "
                    + AudioDecoder.formats.joined(separator: ", ") + ".",
                param: "file",
                code: "invalid_audio"
            )
        case .invalidArgument:
            self = .invalidRequest(
                "Invalid 'language': \(error.description).",
                param: "language",
                code: "invalid_value"
            )
        case .queueFull(let seconds):
            self = .rateLimit("The server is busy: \(error.description). Please try again later.", retryAfter: seconds)
        case .stopping: self = .overloaded("The server is stopping.", retryAfter: 5)
        case .outOfMemory:
            self = .overloaded("There is no memory for a transcription now. Please try again later.", retryAfter: 10)
        case .badModel, .ended, .failed: self = .internalServer
        }
    }
}
