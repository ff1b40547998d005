internal import CLlama
package import RuntimeSupport

/// A model that speaks, with its codec, in memory.
///
/// A few utterances may be under way, each in a place of its own. One thread at a time uses it and its utterances.
@safe package final class SpeechModel {
    /// What it is loaded with.
    package struct Options: Sendable, Equatable {
        /// That compute a step.
        package var threads: Int
        /// Utterances at once.
        package var places: Int
        /// Tokens and frames of one utterance.
        package var contextLength: Int

        package init(threads: Int, places: Int, contextLength: Int) {
            self.threads = threads
            self.places = places
            self.contextLength = contextLength
        }
    }

    /// Codes of languages that a model may be told to speak.
    private static let codes = ["zh", "en", "de", "it", "pt", "es", "ja", "ko", "fr", "ru"]

    /// Of its sound, and of the recordings of speakers that it takes, in Hz.
    package let sampleRate: Int
    package let places: Int
    /// Codes of languages that it can be told to speak; empty where its weights alone decide.
    package let languages: [String]
    /// Whether it says nothing without a recording of a speaker.
    package let needsSpeaker: Bool
    package let information: LlamaModel.Information
    fileprivate let handle: OpaquePointer
    // Freed after the handle.
    private let model: LlamaModel
    fileprivate var free: [UInt32]

    /// Loads both files; blocks until they are in memory.
    ///
    /// - Parameters:
    ///   - files: The model and its codec.
    ///   - options: The context's measures.
    ///   - gpuLayers: How many layers to place on a GPU; with any, the codec goes there, too.
    ///   - abort: Raised, it cuts the loading off.
    /// - Throws: `LlamaError`.
    package init(
        _ files: SpeechFiles,
        options: Options,
        gpuLayers: Int = 0,
        abort: AbortFlag = AbortFlag()
    ) throws(LlamaError) {
        let model = try LlamaModel(path: files.model, gpuLayers: gpuLayers, abort: abort)
        var handle: OpaquePointer?
        let native = cl_speech_options(
            threads: UInt32(options.threads),
            places: UInt32(options.places),
            context_length: UInt32(options.contextLength),
            use_gpu: gpuLayers > 0
        )
        let status = unsafe cl_speech_load(files.codec, model.handle, files.family, native, &handle)
        try LlamaError.check(status, "load \(files.codec)")
        guard let handle = unsafe handle else { fatalError("a load that succeeds gives a model") }
        self.model = model
        unsafe self.handle = handle
        information = model.information
        sampleRate = unsafe Int(cl_speech_sample_rate(handle))
        places = options.places
        free = Array((0..<UInt32(options.places)).reversed())
        languages = Self.codes.filter { unsafe cl_speech_knows_language(handle, $0) }
        needsSpeaker = files.family == .CL_SPEECH_POCKETTTS
    }

    deinit { unsafe cl_speech_free(handle) }

    /// Begins to say a text.
    ///
    /// - Parameters:
    ///   - text: At most 4,096 bytes.
    ///   - speaker: A recording of who is to speak, within -1 and 1, of half a second to thirty.
    ///   - language: One of `languages`, or nil.
    ///   - seed: The same one gives the same sound, whatever else is under way.
    ///   - maxFrames: Frames of 80 ms after which it ends in any case.
    /// - Returns: What says it, step by step; letting go of it frees its place.
    /// - Throws: `LlamaError`, also where all places are taken.
    package func say(
        _ text: String,
        speaker: [Float]?,
        language: String?,
        seed: UInt32,
        maxFrames: Int
    ) throws(LlamaError) -> SpokenText {
        guard let place = free.popLast() else {
            throw LlamaError(code: .invalidArgument, description: "all places are taken", status: 1)
        }
        let text = Array(text.utf8.lazy.map(CChar.init(bitPattern:)))
        let speaker = speaker ?? []
        let status = unsafe text.withUnsafeBufferPointer { text in
            unsafe speaker.withUnsafeBufferPointer { speaker in
                unsafe withOptionalCString(language) { language in
                    let utterance = unsafe cl_utterance(
                        text: text.baseAddress,
                        length: text.count,
                        speaker: speaker.isEmpty ? nil : speaker.baseAddress,
                        speaker_count: speaker.count,
                        language: language,
                        // The one that stands for chance.
                        seed: seed == .max ? 0 : seed,
                        max_frames: UInt32(clamping: maxFrames)
                    )
                    return unsafe cl_speech_begin(handle, place, utterance)
                }
            }
        }
        do throws(LlamaError) {
            try LlamaError.check(status, "say a text")
        } catch {
            free.append(place)
            throw error
        }
        return SpokenText(self, place)
    }
}

extension LlamaModel {
    /// What a place for an utterance takes for itself, in bytes.
    var speechPlaceBytes: UInt64 { unsafe cl_speech_place_bytes(handle) }
}

/// A text that a model is saying.
package final class SpokenText {
    private let model: SpeechModel
    private let place: UInt32

    fileprivate init(_ model: SpeechModel, _ place: UInt32) {
        self.model = model
        self.place = place
    }

    deinit {
        unsafe cl_speech_end(model.handle, place)
        model.free.append(place)
    }

    /// Computes a frame, or a part of the prompt.
    ///
    /// - Returns: The sound that is ready, often none, and whether it was the last step.
    /// - Throws: `LlamaError`; nothing more can be said then.
    package func step() throws(LlamaError) -> (sound: [Int16], isLast: Bool) {
        var sound = unsafe cl_speech_sound()
        try LlamaError.check(unsafe cl_speech_step(model.handle, place, &sound), "say a text")
        let samples = unsafe UnsafeBufferPointer(start: sound.samples, count: sound.count)
        // As upstream writes it to files: cut off, not rounded.
        return unsafe (samples.map { Int16(max(-1, min(1, $0)) * 32767) }, sound.is_last)
    }
}

/// Lends a string as C has it, or NULL.
private func withOptionalCString<Result>(
    _ text: String?,
    _ body: (UnsafePointer<CChar>?) -> Result
) -> Result {
    guard let text else { return body(nil) }
    return unsafe text.withCString { unsafe body($0) }
}
