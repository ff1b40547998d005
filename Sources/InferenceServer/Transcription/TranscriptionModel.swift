import Foundation
import Media
import RuntimeSupport
import Whisper

/// How sounds are transcribed, whichever model does it.
struct TranscriptionSettings: Sendable {
    /// That compute one transcription.
    var threads = 1
    /// How many run at once.
    var atOnce = 2
    /// How many may wait behind them.
    var maxWaiting = 256
    /// Of a sound; longer ones are refused.
    var longest = Duration.seconds(7200)
    /// 1: greedy.
    var beams = 1
    /// Whom it takes turns with.
    var cores = CoreArbiter()
}

/// A loaded whisper model with all that serving it needs.
///
/// Shared by all requests.
final class TranscriptionModel: Sendable {
    let file: TranscriptionFile
    let settings: TranscriptionSettings
    private let transcriber: Transcriber

    var id: String { file.id }

    /// How many transcriptions run, and how many wait.
    var load: (running: Int, waiting: Int) { transcriber.load }

    /// How long what it computes has given no sign.
    var silence: Duration { transcriber.silence }

    /// Loads the model; blocks for as long as that takes.
    ///
    /// - Throws: `WhisperError`.
    init(_ file: TranscriptionFile, _ settings: TranscriptionSettings) throws(WhisperError) {
        self.file = file
        self.settings = settings
        transcriber = Transcriber(
            model: try WhisperModel(path: file.path),
            threads: settings.threads,
            atOnce: settings.atOnce,
            maxWaiting: settings.maxWaiting,
            cores: settings.cores
        )
        let kind = file.information.isMultilingual ? "many languages" : "English"
        Log("model").info("\(id): transcribes \(kind), \(settings.threads) threads, \(settings.atOnce) at once")
    }

    /// Transcribes a file of sound, which is decoded when its turn comes.
    ///
    /// - Throws: Where too many wait, or the model can't do what is asked for.
    func transcribe(_ sound: [UInt8], _ options: TranscriptionOptions) throws(WhisperError) -> TranscriptionStream {
        let longest = settings.longest
        return try transcriber.submit(options) { abort throws(WhisperError) in
            do throws(AudioError) {
                return try AudioDecoder.decode(
                    sound,
                    sampleRate: Transcriber.sampleRate,
                    longest: longest,
                    abort: abort
                ).samples
            } catch {
                throw WhisperError(error.code == .cancelled ? .ended : .badSound, error.description)
            }
        }
    }

    /// Transcribes sound that has been decoded.
    ///
    /// - Throws: As the other.
    func transcribe(samples: [Float], _ options: TranscriptionOptions) throws(WhisperError) -> TranscriptionStream {
        try transcriber.submit(samples, options)
    }

    /// Ends everything that it does.
    func stop() async { await transcriber.stop() }
}
