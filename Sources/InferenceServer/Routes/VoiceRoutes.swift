import HTTP
import Llama
import Media
import RuntimeSupport
import Scheduling
import Speech
import WireFormat

extension Routes {
    /// Answers `GET /v1/audio/voices`: those the server comes with, then the caller's own.
    func listVoices(_ request: HTTPRequest) async throws -> HTTPResponse {
        let service = try speechService
        let owner = Owner(request.principal)
        let custom = try await onThread("voices") { try service.customVoices.list(.voice, owner: owner) }
        return .json(
            VoiceList(
                builtInVoices + custom.map { VoiceObject($0) },
                variants: speechVoices?.inventory.variants ?? []
            )
        )
    }

    /// Answers `GET /v1/audio/voices/{voice}`.
    func retrieveVoice(_ request: HTTPRequest) async throws -> HTTPResponse {
        let service = try speechService
        let id = request.parameters["voice"] ?? ""
        if let voice = builtInVoice(id) { return .json(voice) }
        let owner = Owner(request.principal)
        return .json(
            VoiceObject(try await onThread("voices") { try service.customVoices.find(id, .voice, owner: owner) })
        )
    }

    /// Answers `POST /v1/audio/voices`.
    func createVoice(_ request: HTTPRequest) async throws -> HTTPResponse {
        let service = try speechService
        let (body, form) = try request.decode(form: VoiceRequest.self)
        let (owner, now) = (Owner(request.principal), now())
        let file = try await Self.recording(form[body.sample], param: "audio_sample")
        let record = try await onThread("voices") {
            try service.customVoices.create(
                .voice,
                name: body.name,
                now: now,
                owner: owner,
                file: file,
                consent: body.consent
            )
        }
        return .json(VoiceObject(record))
    }

    /// Answers `DELETE /v1/audio/voices/{voice}`.
    func deleteVoice(_ request: HTTPRequest) async throws -> HTTPResponse {
        let service = try speechService
        let id = request.parameters["voice"] ?? ""
        guard builtInVoice(id) == nil else {
            throw APIError.invalidRequest("The voice '\(id)' comes with the server and can't be removed.")
        }
        try await remove(id, .voice, request, service)
        let answer: JSONValue = ["id": .string(id), "object": "audio.voice.deleted", "deleted": true]
        return .json(answer)
    }

    /// Answers `POST /v1/audio/voice_consents`.
    func createVoiceConsent(_ request: HTTPRequest) async throws -> HTTPResponse {
        let service = try speechService
        let (body, form) = try request.decode(form: VoiceConsentRequest.self)
        let (owner, now) = (Owner(request.principal), now())
        let file = try await Self.recording(form[body.recording], param: "recording")
        let record = try await onThread("voices") {
            try service.customVoices.create(
                .consent,
                name: body.name,
                now: now,
                owner: owner,
                file: file,
                language: body.language
            )
        }
        return .json(VoiceConsentObject(record))
    }

    /// Answers `GET /v1/audio/voice_consents`, the newest first.
    func listVoiceConsents(_ request: HTTPRequest) async throws -> HTTPResponse {
        let service = try speechService
        let limit = request.query["limit"].map { Int($0) } ?? 20
        guard let limit, (1...100).contains(limit) else {
            throw APIError.invalidRequest(
                "Invalid 'limit' in the query: expected a number from 1 to 100.",
                param: "limit",
                code: "invalid_value"
            )
        }
        let owner = Owner(request.principal)
        var records = try await onThread("voices") { try service.customVoices.list(.consent, owner: owner) }
        if let after = request.query["after"] {
            guard let place = records.firstIndex(where: { $0.id == after }) else {
                throw APIError.invalidRequest(
                    "Invalid 'after' in the query: there is no voice consent with id '\(after.prefix(100))'.",
                    param: "after",
                    code: "invalid_value"
                )
            }
            records.removeFirst(place + 1)
        }
        return .json(
            VoiceConsentList(records.prefix(limit).map { VoiceConsentObject($0) }, hasMore: records.count > limit)
        )
    }

    /// Answers `GET /v1/audio/voice_consents/{consent}`.
    func retrieveVoiceConsent(_ request: HTTPRequest) async throws -> HTTPResponse {
        let service = try speechService
        let (id, owner) = (request.parameters["consent"] ?? "", Owner(request.principal))
        return .json(
            VoiceConsentObject(
                try await onThread("voices") { try service.customVoices.find(id, .consent, owner: owner) }
            )
        )
    }

    /// Answers `POST /v1/audio/voice_consents/{consent}`.
    func updateVoiceConsent(_ request: HTTPRequest) async throws -> HTTPResponse {
        let service = try speechService
        let body = try request.decode(VoiceConsentUpdate.self)
        let (id, owner) = (request.parameters["consent"] ?? "", Owner(request.principal))
        return .json(
            VoiceConsentObject(
                try await onThread("voices") {
                    try service.customVoices.rename(id, .consent, to: body.name, owner: owner)
                }
            )
        )
    }

    /// Answers `DELETE /v1/audio/voice_consents/{consent}`.
    func deleteVoiceConsent(_ request: HTTPRequest) async throws -> HTTPResponse {
        let service = try speechService
        let id = request.parameters["consent"] ?? ""
        try await remove(id, .consent, request, service)
        let answer: JSONValue = ["id": .string(id), "object": "audio.voice_consent", "deleted": true]
        return .json(answer)
    }

    /// Those of espeak-ng, where it is there; neural models speak in them, too.
    private var speechVoices: ESpeakVoices? { try? speech.eSpeak.get().voices }

    /// OpenAI's names and espeak-ng's, and recordings that lie beside models.
    private var builtInVoices: [VoiceObject] {
        let known = (speechVoices?.all ?? ESpeakVoices.openAI).map { VoiceObject($0) }
        return known + recordedVoices.filter { voice in !known.contains { $0.id == voice.id } }
    }

    private func builtInVoice(_ id: String) -> VoiceObject? {
        speechVoices?.voice(id).map { VoiceObject($0) } ?? builtInVoices.first { $0.id == id }
    }

    private var recordedVoices: [VoiceObject] {
        catalog.models.filter { $0.kind == .speech }.flatMap { model in
            SpeakerRecordings.names(beside: model).map { name in
                VoiceObject(
                    id: name,
                    name: name,
                    created: 0,
                    kind: .builtIn,
                    description: "a recording, for \(model.id)"
                )
            }
        }
    }

    private func remove(
        _ id: String,
        _ kind: VoiceStore.Kind,
        _ request: HTTPRequest,
        _ service: SpeechService
    ) async throws {
        let owner = Owner(request.principal)
        try await onThread("voices") { try service.customVoices.remove(id, kind, owner: owner) }
    }
}

// MARK: Recordings

extension Routes {
    /// The largest recording that is kept, in bytes: OpenAI's limit.
    private static let largestRecording = 10 << 20
    private static let shortestRecording = Duration.milliseconds(500)
    private static let longestRecording = Duration.seconds(300)
    /// What a voice is recorded with at least, for what is decoded here only to be looked at.
    private static let recordingRate = 16_000

    /// A recording, once it is known to be one: the file as it came.
    ///
    /// - Throws: 400 for what is no sound, too large, too short, too long, or silent.
    private static func recording(_ file: ArraySlice<UInt8>, param: String) async throws -> [UInt8] {
        guard file.count <= largestRecording else {
            throw APIError.badRecording(param, "the file is larger than 10 MiB")
        }
        let bytes = Array(file)
        let abort = AbortFlag()
        let audio: DecodedAudio
        do {
            audio = try await withTaskCancellationHandler {
                try await onThread("recording") {
                    try AudioDecoder.decode(bytes, sampleRate: recordingRate, longest: longestRecording, abort: abort)
                }
            } onCancel: {
                abort.raise()
            }
        } catch let error as AudioError {
            throw APIError.badRecording(param, error.description)
        }
        guard audio.duration >= shortestRecording else {
            throw APIError.badRecording(param, "the sound is shorter than half a second")
        }
        guard audio.samples.contains(where: { abs($0) > 0.01 }) else {
            throw APIError.badRecording(param, "the sound is silent")
        }
        return bytes
    }
}

extension APIError {
    fileprivate static func badRecording(_ param: String, _ reason: String) -> APIError {
        .invalidRequest(
            "Invalid '\(param)': \(reason). Formats that are read: \(AudioDecoder.formats.joined(separator: ", ")).",
            param: param,
            code: "invalid_audio"
        )
    }
}

extension VoiceObject {
    fileprivate init(_ voice: SpeechVoice) {
        self.init(id: voice.id, name: voice.id, created: 0, kind: .builtIn, description: voice.summary)
    }

    fileprivate init(_ record: VoiceStore.Record) {
        self.init(id: record.id, name: record.name, created: record.created, kind: .sample)
    }
}

extension VoiceConsentObject {
    fileprivate init(_ record: VoiceStore.Record) {
        self.init(id: record.id, name: record.name, language: record.language ?? "", created: record.created)
    }
}
