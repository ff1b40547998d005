internal import CLlama
package import RuntimeSupport
internal import Scheduling

/// The encoders of images and sound that belong to a model, and what makes the model's vectors of what they give: an mmproj file.
///
/// Prompts are prepared on any thread; images and sounds are encoded on the engine's, one at a time.
@safe package final class LlamaProjector: Sendable {
    // Safe to share: what prepares prompts changes nothing, and whoever encodes holds the lock.
    nonisolated(unsafe) let handle: OpaquePointer
    /// Numbers in the vector of each token of an image or sound.
    let width: Int
    /// Whether it takes images.
    package let seesImages: Bool
    /// The sound that it takes; nil where it takes none.
    package let hearing: Hearing?
    // Kept alive here: the encoder's callback holds it unretained. The model is what prompts are tokenized by.
    private let watch: EncoderWatch
    private let model: LlamaModel
    private let held = Guarded(0)
    private let encoding = Guarded(())

    /// What sound an encoder takes.
    package struct Hearing: Sendable {
        /// In Hz.
        package let sampleRate: Int
        /// Of one sound.
        package let longest: Duration
        /// How many tokens a minute has at least.
        package let tokensPerMinute: Int

        /// How much sound a context of so many tokens could hold at most.
        package func longest(within tokens: Int) -> Duration { .seconds(60 * Double(tokens) / Double(tokensPerMinute)) }
    }

    /// Loads a projector; blocks until it is in memory.
    ///
    /// - Parameters:
    ///   - path: A readable regular file.
    ///   - model: What it belongs to.
    ///   - threads: That encode.
    ///   - usesGPU: Whether it is placed on a GPU, where one is there.
    ///   - heartbeat: Beaten while something is encoded.
    ///   - abort: Polled while something is encoded; raised, it cuts that off.
    /// - Throws: `LlamaError` where it is no projector of images or sound, or another model's.
    package init(
        path: String,
        model: LlamaModel,
        threads: Int,
        usesGPU: Bool = false,
        heartbeat: Heartbeat = Heartbeat(),
        abort: AbortFlag = AbortFlag()
    ) throws(LlamaError) {
        let watch = EncoderWatch(StepWatch(heartbeat: heartbeat, abort: abort))
        var handle: OpaquePointer?
        let options = unsafe cl_projector_options(
            threads: UInt32(threads),
            use_gpu: usesGPU,
            should_abort: shouldLeaveEncoder,
            user_data: Unmanaged.passUnretained(watch).toOpaque()
        )
        unsafe try LlamaError.check(cl_projector_load(path, model.handle, options, &handle), "load \(path)")
        guard let handle = unsafe handle else { fatalError("a load that succeeds gives a projector") }
        self.watch = watch
        self.model = model
        width = unsafe Int(cl_projector_width(handle))
        seesImages = unsafe cl_projector_sees(handle)
        let sampleRate = unsafe Int(cl_projector_sample_rate(handle))
        let longest = unsafe Duration.seconds(Int(cl_projector_longest_sound(handle)))
        let tokens = unsafe Int(cl_projector_sound_tokens(handle))
        hearing =
            sampleRate > 0 ? Hearing(sampleRate: sampleRate, longest: longest, tokensPerMinute: tokens) : nil
        unsafe self.handle = handle
    }

    deinit { unsafe cl_projector_free(handle) }

    /// What a projector would take, without loading it.
    ///
    /// - Throws: `LlamaError` where it is none that llama.cpp knows.
    static func memory(path: String, usesGPU: Bool) throws(LlamaError) -> ModelMemory {
        var uses = [cl_memory_use](repeating: cl_memory_use(), count: 1 + Int(cl_gpu_count()))
        let status = unsafe cl_projector_memory(path, usesGPU, &uses, uses.count)
        try LlamaError.check(status, "measure \(path)")
        let measured = uses.map { MemoryUse(weights: $0.weights) }
        return ModelMemory(host: measured[0], gpus: Array(measured.dropFirst()))
    }

    /// How many tokens the prepared images and sounds have that are held now: each stands for some tens of kilobytes.
    package var preparedTokens: Int { held.withLock { $0 } }

    /// Tokenizes texts, cuts and scales images and makes spectra of sounds as the encoders take them: takes as long as there are
    /// pixels and samples.
    ///
    /// - Throws: `LlamaError` where one can't be prepared.
    package func prepare(_ parts: [PromptPart]) throws(LlamaError) -> MediaPrompt {
        var text: [CChar] = []
        var lengths: [Int] = []
        for case .text(let part) in parts {
            let before = text.count
            text.append(contentsOf: part.utf8.lazy.map(CChar.init(bitPattern:)))
            lengths.append(text.count - before)
        }
        // A place in it even where there is no text.
        text.append(0)
        var prompt: OpaquePointer?
        let status = unsafe text.withUnsafeBufferPointer { text in
            var start = 0
            var next = lengths.makeIterator()
            let native = unsafe parts.map { part in
                switch part {
                case .text:
                    let length = next.next() ?? 0
                    defer { start += length }
                    let start = unsafe text.baseAddress.map { unsafe $0 + start }
                    return unsafe cl_prompt_part(text: start, length: length, image: nil, sound: nil)
                case .image(let image):
                    return unsafe cl_prompt_part(text: nil, length: 0, image: image.handle, sound: nil)
                case .sound(let sound):
                    return unsafe cl_prompt_part(text: nil, length: 0, image: nil, sound: sound.handle)
                }
            }
            return unsafe cl_media_prompt_create(handle, native, native.count, &prompt)
        }
        withExtendedLifetime(parts) {}
        try LlamaError.check(status, "prepare an image or sound")
        guard let prompt = unsafe prompt else { fatalError("a preparation that succeeds gives a prompt") }
        return MediaPrompt(unsafe NativeMediaPrompt(takingOwnershipOf: prompt, held: held))
    }

    /// The encoding of an image or sound, which is yet to begin.
    func encoding(of media: PreparedMedia, tokens: Int) -> PacedEncoding {
        PacedEncoding { [self] pace in
            encoding.withLock { _ in
                watch.pace.withLock { $0 = pace }
                defer { watch.pace.withLock { $0 = nil } }
                return Result { () throws(LlamaError) in try encode(media, tokens: tokens) }
            }
        }
    }

    /// The vectors of the tokens, or nil where it was cut off.
    private func encode(_ media: PreparedMedia, tokens: Int) throws(LlamaError) -> [Float]? {
        var vectors = [Float](repeating: 0, count: tokens * width)
        var isAborted = false
        let status = unsafe cl_projector_encode(
            handle,
            media.prompt.handle,
            media.index,
            &vectors,
            vectors.count,
            &isAborted
        )
        try LlamaError.check(status, "encode an image or sound")
        return isAborted ? nil : vectors
    }
}
