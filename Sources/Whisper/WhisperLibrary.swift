internal import CWhisper
internal import RuntimeSupport

/// The whisper.cpp that is part of the program, on the same ggml as llama.cpp.
package enum WhisperLibrary {
    package static var version: String { unsafe String(cString: cw_version()) }

    /// Sends its lines to the log; before anything else here, and after llama.cpp's runtime has been started, where there is one.
    ///
    /// Later calls do nothing.
    static func start() { unsafe cw_runtime_start(forwardLog) }
}

/// Sends whisper.cpp's lines to the log, a level down: what fails there is reported by an error of ours.
private func forwardLog(_ level: Int32, _ text: UnsafePointer<CChar>?) {
    guard let text = unsafe text else { return }
    var line = unsafe String(cString: text)[...]
    while line.last?.isNewline == true { line.removeLast() }
    guard !line.isEmpty else { return }
    let log = Log("whisper")
    switch level {
    case 4: log.info(String(line))
    default: log.debug(String(line))
    }
}
