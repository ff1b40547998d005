import HTTP
import Llama
import Media
import RuntimeSupport
import Scheduling
import Speech
import Whisper
import WireFormat

extension Routes {
    /// What computes and has given no sign for so long is taken to hang.
    ///
    /// A decode loop beats between the nodes of a step's graph, and every second while there is nothing to do; a transcription between
    /// those of its graphs.
    static let longestSilence = Duration.seconds(20)

    /// Answers `GET /health`.
    func health(_ request: HTTPRequest) async throws -> HTTPResponse {
        var components = (catalog.models.map(\.id) + catalog.transcribers.map(\.id)).compactMap {
            id -> Health.Component? in
            switch catalog.pool.phase(id) {
            case .absent, .unloading: return nil
            case .loading: return Health.Component(name: id, status: .loading)
            case .loaded(let loaded, _, _):
                return Health.Component(name: id, status: loaded.silence < Self.longestSilence ? .ok : .failed)
            }
        }
        if let eSpeak = try? speech.eSpeak.get() {
            let isAlive = eSpeak.silence() < Self.longestSilence
            components.append(Health.Component(name: ESpeakSpeech.name, status: isAlive ? .ok : .failed))
        }
        let isAlive = components.allSatisfy { $0.status != .failed }
        return .json(
            Health(status: isAlive ? .ok : .failed, components: components),
            status: isAlive ? .ok : .serviceUnavailable
        )
    }

    /// Answers `GET /about`.
    func about(_ request: HTTPRequest) async throws -> HTTPResponse {
        .json(
            About(
                name: Version.name,
                version: Version.number,
                description: "Runs models on this box and speaks OpenAI's API, offline.",
                engines: [
                    ("llama.cpp", LlamaRuntime.llamaVersion),
                    ("whisper.cpp", WhisperLibrary.version),
                    ("ggml", LlamaRuntime.ggmlVersion),
                ] + speechEngines,
                models: cards.map(\.id),
                endpoints: names
            )
        )
    }

    /// What speaks, where something does.
    private var speechEngines: [(String, String)] {
        guard case .success(let eSpeak) = speech.eSpeak else { return [] }
        return [(ESpeakSpeech.name, eSpeak.voices.inventory.version)]
            + (MediaLibrary.version.map { [("FFmpeg", $0)] } ?? [])
    }
}
