internal import CWhisper

/// The whisper.cpp that is linked in, on the same ggml as llama.cpp.
package enum WhisperLibrary {
    package static var version: String { unsafe String(cString: cw_version()) }
}
