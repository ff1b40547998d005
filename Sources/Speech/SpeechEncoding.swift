package import Media
internal import RuntimeSupport

/// A file of speech in the making, on a thread that all files share: it has a lower priority than what computes tokens, since
/// it makes sound many times faster than anybody hears it.
package actor SpeechEncoding {
    private static let thread = ThreadExecutor(name: "encoding", heartbeat: Heartbeat(), niceness: 5)

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe Self.thread.asUnownedSerialExecutor() }

    /// Nil once the file is closed.
    private var file: SpeechFile?

    /// - Parameters:
    ///   - format: Of the file.
    ///   - sampleRate: Of the sound that comes, in Hz.
    ///   - speed: 2 is twice as fast, at the same pitch.
    /// - Throws: Where there is no memory, or no encoder.
    package init(_ format: AudioFormat, sampleRate: Int, speed: Double) throws(AudioError) {
        file = try SpeechFile(format, sampleRate: sampleRate, speed: speed)
    }

    /// How long the sound is that was encoded.
    package private(set) var duration = Duration.zero

    /// Takes the next sound.
    ///
    /// - Returns: The bytes of the file that are ready, often none.
    package func add(_ samples: [Int16]) throws(AudioError) -> [UInt8] { try file?.add(samples) ?? [] }

    /// Ends a piece.
    ///
    /// - Returns: The bytes of the file that are ready, often none.
    package func endPiece(pause: Duration) throws(AudioError) -> [UInt8] { try file?.endPiece(pause: pause) ?? [] }

    /// Ends the sound and the file; what comes afterwards is dropped.
    ///
    /// - Returns: The file's last bytes.
    package func close() throws(AudioError) -> [UInt8] {
        guard var file = file.take() else { return [] }
        let rest = try file.finish()
        duration = file.duration
        return try rest + file.close()
    }
}
