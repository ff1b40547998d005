internal import CWhisper

/// The weights of a whisper model in memory.
///
/// Read-only, for any number of transcriptions on any threads.
@safe package final class WhisperModel: Sendable {
    /// What the header of a model's file says.
    package struct Information: Sendable, Equatable {
        /// Tokens, the special ones included.
        package let vocabularySize: Int
        /// Positions of the encoder, of 20 ms each.
        package let audioContext: Int
        /// Tokens of the decoder.
        package let textContext: Int
        package let width: Int
        package let encoderLayers: Int
        package let decoderLayers: Int
        /// Whether it knows other languages than English, and translates.
        package let isMultilingual: Bool
        /// Of the file, in bytes.
        package let fileSize: UInt64

        /// The longest sound that it hears at once.
        package var window: Duration { .milliseconds(audioContext * 20) }

        init(_ info: cw_model_info) {
            vocabularySize = Int(info.vocabulary)
            audioContext = Int(info.audio_context)
            textContext = Int(info.text_context)
            width = Int(info.text_state)
            encoderLayers = Int(info.audio_layers)
            decoderLayers = Int(info.text_layers)
            isMultilingual = info.is_multilingual
            fileSize = info.file_size
        }
    }

    /// Whether a file begins as a whisper model's does; cheap, and no more than that.
    package static func isModel(path: String) -> Bool { unsafe cw_model_is_one(path) }

    /// Reads the header of a model's file, and checks that all of its weights are there.
    ///
    /// - Throws: `badModel` that says what is wrong.
    package static func check(path: String) throws(WhisperError) -> Information {
        var info = cw_model_info()
        try WhisperError.check(
            unsafe cw_model_check(path, &info),
            "read the whisper model \(path)",
            invalid: .badModel
        )
        return Information(info)
    }

    package let information: Information
    /// Tokens from this one on are no text.
    package let firstSpecialToken: Int

    // Safe to share: the native side only reads it, and makes what it adds under a lock of its own.
    nonisolated(unsafe) let handle: OpaquePointer
    let info: cw_model_info

    /// Loads a model; blocks for as long as that takes.
    ///
    /// - Parameters:
    ///   - path: Of its file, in whisper.cpp's format.
    ///   - usesGPU: Whether a GPU may compute, where there is one.
    /// - Throws: `badModel`, or `outOfMemory`.
    package init(path: String, usesGPU: Bool = false) throws(WhisperError) {
        WhisperLibrary.start()
        var made: OpaquePointer?
        let status = unsafe cw_model_load(path, usesGPU, &made)
        try WhisperError.check(status, "load the whisper model \(path)", invalid: .badModel)
        guard let made = unsafe made else { throw WhisperError(.failed, "could not load the whisper model \(path)") }
        unsafe handle = made
        info = unsafe cw_model_information(made)
        information = Information(info)
        firstSpecialToken = Int(unsafe cw_model_first_special_token(made))
    }

    deinit { unsafe cw_model_free(handle) }

    /// The bytes of a token's text, often a part of a character.
    package func text(of token: Int) -> [UInt8] {
        guard let token = Int32(exactly: token) else { return [] }
        var length = 0
        guard let text = unsafe cw_model_token_text(handle, token, &length) else { return [] }
        return unsafe UnsafeBufferPointer(start: text, count: length).map { UInt8(bitPattern: $0) }
    }
}

/// A language that whisper's models may know.
package struct WhisperLanguage: Sendable, Hashable {
    /// whisper's number of it.
    let id: Int32

    /// Such as "de".
    package var code: String { unsafe cw_language_code(id).map { unsafe String(cString: $0) } ?? "" }
    /// Such as "german".
    package var name: String { unsafe cw_language_name(id).map { unsafe String(cString: $0) } ?? "" }

    package static let english = WhisperLanguage(id: 0)

    /// All of them.
    package static var all: [WhisperLanguage] { (0..<cw_language_count()).map { WhisperLanguage(id: $0) } }

    private init(id: Int32) { self.id = id }

    /// The language of a code or an English name in any case; of a code with a region, that without it.
    package init?(_ name: String) {
        let lower = name.lowercased()
        let plain = lower.prefix { $0 != "-" && $0 != "_" }
        for candidate in [lower, String(plain)] where !candidate.contains("\0") {
            let id = unsafe cw_language(candidate)
            if id >= 0 {
                self.id = id
                return
            }
        }
        return nil
    }

    init(found id: Int32) { self.id = max(0, min(id, cw_language_count() - 1)) }
}
