import HTTP
import Llama
import RuntimeSupport
import Scheduling
import Speech
import WireFormat

extension Routes {
    /// A decode loop that has given no sign for so long is taken to hang.
    ///
    /// It beats between the nodes of a step's graph, and every second while there is nothing to do.
    static let longestSilence = Duration.seconds(20)

    /// Answers `GET /health`.
    func health(_ request: HTTPRequest) async throws -> HTTPResponse {
        let isAlive = catalog.chat.engine.heartbeat.silence < Self.longestSilence
        let status: Health.Status = isAlive ? .ok : .failed
        let health = Health(status: status, components: [Health.Component(name: catalog.chat.id, status: status)])
        return .json(health, status: isAlive ? .ok : .serviceUnavailable)
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
                ],
                models: catalog.cards.map(\.id),
                endpoints: names
            )
        )
    }
}
