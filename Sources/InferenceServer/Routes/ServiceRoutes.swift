import HTTP
import Llama
import Media
import RuntimeSupport
import Scheduling
import Speech
import Whisper
import WireFormat

extension Routes {
    /// A decode loop that has given no sign for so long is taken to hang.
    ///
    /// It beats between the nodes of a step's graph, and every second while there is nothing to do.
    static let longestSilence = Duration.seconds(20)

    /// Answers `GET /health`.
    func health(_ request: HTTPRequest) async throws -> HTTPResponse {
        var components = (catalog.models.map(\.id) + catalog.transcribers.map(\.id)).compactMap {
            id -> Health.Component? in
            switch catalog.pool.phase(id) {
            case .absent, .unloading: return nil
            case .loading: return Health.Component(name: id, status: .loading)
            case .loaded(let loaded, _, _):
                // Transcriptions give way to everything else, for as long as that takes: their silence says nothing.
                let isAlive = loaded.heartbeat.map { $0.silence < Self.longestSilence } ?? true
                return Health.Component(name: id, status: isAlive ? .ok : .failed)
            }
        }
        components += speech.reports.map { report in
            Health.Component(name: report.name, status: report.silence < Self.longestSilence ? .ok : .failed)
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
