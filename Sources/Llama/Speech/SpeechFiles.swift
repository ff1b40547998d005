internal import CLlama
internal import Foundation

/// The two files of a model that speaks, known to go together by their headers.
package struct SpeechFiles: Sendable {
    /// Of the language model: a talker, or a backbone.
    package let model: String
    /// Of the codec: it makes sound of what the model says, and takes recordings of speakers.
    package let codec: String
    let family: cl_speech_family

    /// Reads both headers.
    ///
    /// What they say is checked through: llama.cpp's code would end the process over much of what may be wrong.
    ///
    /// - Throws: `LlamaError` that says what can't be used.
    package init(model: String, codec: String) throws(LlamaError) {
        var family = cl_speech_family.CL_SPEECH_NONE
        try LlamaError.check(unsafe cl_speech_check(model, codec, &family), "use \(model) for speech")
        self.model = model
        self.codec = codec
        self.family = family
    }

    /// What the codec takes: about as much as its file.
    func codecMemory(usesGPU: Bool) -> ModelMemory {
        let attributes = try? FileManager.default.attributesOfItem(
            atPath: URL(filePath: codec).resolvingSymlinksInPath().path
        )
        let size = (attributes?[.size] as? NSNumber)?.uint64Value ?? 0
        var memory = ModelMemory(host: MemoryUse(), gpus: LlamaRuntime.gpus.map { _ in MemoryUse() })
        if usesGPU, !memory.gpus.isEmpty { memory.gpus[0].weights = size } else { memory.host.weights = size }
        return memory
    }

    /// Whether the file of a projector is a codec of speech.
    package static func isCodec(_ path: String) -> Bool { unsafe cl_speech_codec_family(path) != .CL_SPEECH_NONE }
}
