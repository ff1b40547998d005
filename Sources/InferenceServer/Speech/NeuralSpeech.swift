import Llama
import RuntimeSupport
import Scheduling
import Speech

/// A loaded model that speaks, with the engine that has it speak.
///
/// Shared by all requests.
final class NeuralSpeech: Sendable {
    /// What requests call it.
    let id: String
    /// Of its sound, and of the recordings of speakers that it takes, in Hz.
    let sampleRate: Int
    /// Codes of languages that it can be told to speak; empty where its weights alone decide.
    let languages: [String]
    /// Whether it says nothing without a recording of a speaker.
    let needsSpeaker: Bool
    private let engine: SpeechEngine<NeuralSynthesizer>

    /// How long the thread that computes has given no sign.
    var silence: Duration { engine.heartbeat.silence }

    /// Loads the model; blocks for as long as that takes.
    ///
    /// - Parameters:
    ///   - model: Its plan says how it is loaded.
    ///   - maxWaiting: How many requests may be under way.
    ///   - cores: Shared with other engines.
    ///   - abort: Raised, it cuts the loading off.
    /// - Throws: `LlamaError`, or `PoolError` for a model that does not speak.
    init(_ model: ServableModel, maxWaiting: Int, cores: CoreArbiter?, abort: AbortFlag) throws {
        guard let files = model.speech else { throw PoolError.loadFailed(model.id, "it does not speak") }
        LlamaRuntime.useBLAS(model.usesBLAS)
        let options = SpeechModel.Options(
            threads: model.plan.options.threads,
            places: model.plan.options.sequences,
            contextLength: model.plan.options.contextLength
        )
        let loaded = try SpeechModel(files, options: options, gpuLayers: model.plan.gpuLayers, abort: abort)
        id = model.id
        sampleRate = loaded.sampleRate
        languages = loaded.languages
        needsSpeaker = loaded.needsSpeaker
        Log("model").info("\(id): \(loaded.information.description), speaks \(loaded.places) texts at once")
        engine = SpeechEngine(
            NeuralSynthesizer(loaded),
            maxWaiting: maxWaiting,
            seat: model.seat(at: cores),
            board: model.speechBoard
        )
    }

    /// Has an utterance spoken; one that is admitted however many are under way.
    func submit(_ utterance: Utterance<NeuralVoice>, isAdmitted: Bool) async throws(SpeechError) -> SpeechStream {
        if isAdmitted { try await engine.submitAdmitted(utterance) } else { try await engine.submit(utterance) }
    }

    /// Ends all that is under way.
    func stop() async { await engine.stop() }
}

/// Who speaks, and how, in a neural model's terms.
struct NeuralVoice: Sendable {
    /// A recording at the model's rate, within -1 and 1; nil where the model is to make up a speaker.
    let speaker: [Float]?
    /// One of the model's; nil for its own choice.
    let language: String?
    /// Of the draws; the same one gives the same sound.
    let seed: UInt32
}

/// A model that speaks, as the engine of speech has it: a step is a frame.
struct NeuralSynthesizer: SpeechSynthesizer {
    private let model: SpeechModel

    init(_ model: SpeechModel) { self.model = model }

    var sampleRate: Int { model.sampleRate }
    var capacity: Int { model.places }

    func begin(_ text: String, as voice: NeuralVoice) throws(SpeechError) -> NeuralPiece {
        do throws(LlamaError) {
            let spoken = try model.say(
                text,
                speaker: voice.speaker,
                language: voice.language,
                seed: voice.seed,
                maxFrames: Self.mostFrames(of: text)
            )
            return NeuralPiece(spoken)
        } catch {
            throw SpeechError(.failed, error.reason)
        }
    }

    /// A model that does not find its end is stopped: speech has about one frame of 80 ms for each letter.
    static func mostFrames(of text: String) -> Int { min(512, 25 + 3 * text.count) }
}

/// A piece of text that a neural model says.
struct NeuralPiece: SpokenPiece {
    private let spoken: SpokenText

    fileprivate init(_ spoken: SpokenText) { self.spoken = spoken }

    func step(onto sink: ([Int16]) -> Bool) throws(SpeechError) -> Bool {
        do throws(LlamaError) {
            let (sound, isLast) = try spoken.step()
            return (sound.isEmpty || sink(sound)) && !isLast
        } catch {
            throw SpeechError(.failed, error.reason)
        }
    }
}
