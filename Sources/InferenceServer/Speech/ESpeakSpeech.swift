import Foundation
import RuntimeSupport
import Speech

/// espeak-ng, as the server uses it.
struct ESpeakSpeech: Sendable {
    /// The name of what speaks, as requests may call it.
    static let name = "espeak-ng"

    let voices: ESpeakVoices
    /// Of its sound, in Hz.
    let sampleRate: Int
    /// Has an utterance spoken; one that is admitted however many are under way.
    let submit:
        @Sendable (_ utterance: Utterance<ESpeakVoice>, _ isAdmitted: Bool) async throws(SpeechError) -> SpeechStream
    /// What it tells of itself.
    let report: @Sendable () -> SpeechReport
    /// How long its thread has given no sign.
    let silence: @Sendable () -> Duration
    /// Ends all that is under way.
    let stop: @Sendable () async -> Void

    /// Starts what speaks.
    ///
    /// - Parameter maxWaiting: How many requests may be under way.
    /// - Throws: `SpeechError` where it is not built in, or can't be started.
    init(maxWaiting: Int) throws(SpeechError) {
        #if ESpeak && FFmpeg
        #if os(Linux)
        // Of the process that is made, so that it is this program even where its file was replaced since.
        let executable = "/proc/self/exe"
        #else
        let executable = Bundle.main.executablePath ?? ""
        #endif
        let process = try ESpeakProcess(executable: executable, arguments: [Command.speechWorkerName])
        voices = ESpeakVoices(process.inventory)
        sampleRate = process.sampleRate
        let restarts = process.restarts
        let engine = SpeechEngine(process, maxWaiting: maxWaiting)
        submit = { utterance, isAdmitted throws(SpeechError) in
            if isAdmitted { try await engine.submitAdmitted(utterance) } else { try await engine.submit(utterance) }
        }
        report = {
            SpeechReport(
                name: Self.name,
                metrics: engine.board.withLock { $0 },
                restarts: restarts.withLock { $0 }
            )
        }
        silence = { engine.heartbeat.silence }
        stop = { await engine.stop() }
        #else
        throw SpeechError(
            .notBuilt,
            "this server was built without speech: it takes the package's traits ESpeak and FFmpeg, which are under the GPL"
        )
        #endif
    }
}
