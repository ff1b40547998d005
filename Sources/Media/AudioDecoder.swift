internal import CFFmpeg
package import RuntimeSupport

/// Sound that was decoded: one channel.
package struct DecodedAudio: Sendable, Equatable {
    /// From −1 to 1.
    package let samples: [Float]
    /// In Hz.
    package let sampleRate: Int
    /// How many parts were damaged and passed over.
    package let faults: Int

    package var duration: Duration { .seconds(Double(samples.count) / Double(sampleRate)) }
}

/// Decodes files of sound that strangers sent.
///
/// They are read from memory: nothing that a file names is opened. Only formats and codecs of a list are tried; the sound is
/// mixed to one channel.
package enum AudioDecoder {
    /// The formats that are read, for messages.
    package static let formats = ["flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "opus", "wav", "webm", "aac"]

    /// Decodes a file.
    ///
    /// It blocks for as long as that takes: call it on a thread of its own where the file may be long.
    ///
    /// - Parameters:
    ///   - file: All of it.
    ///   - sampleRate: What to resample to, in Hz.
    ///   - longest: More sound than that is refused, as soon as so much has been decoded.
    ///   - abort: Raised, it ends the work.
    /// - Returns: All of its sound.
    /// - Throws: Why there is no sound.
    package static func decode(
        _ file: [UInt8],
        sampleRate: Int,
        longest: Duration,
        abort: AbortFlag = AbortFlag()
    ) throws(AudioError) -> DecodedAudio {
        #if FFmpeg
        let collector = Collector(limit: Int(longest / .seconds(1) * Double(sampleRate)), abort: abort)
        var faults = 0
        var message = cff_message()
        // The collector outlives the call, which keeps no pointer to it.
        let status = unsafe cff_decode(
            file,
            file.count,
            Int32(sampleRate),
            collect,
            Unmanaged.passUnretained(collector).toOpaque(),
            &faults,
            &message
        )
        if abort.isRaised { throw AudioError(.cancelled, "the decoding was cancelled") }
        if status == CFF_STOPPED {
            throw AudioError(.tooLong, "the sound is longer than \(longest.components.seconds) seconds")
        }
        guard status == CFF_OK else { throw AudioError(status, message) }
        return DecodedAudio(samples: collector.samples, sampleRate: sampleRate, faults: faults)
        #else
        throw .notBuilt
        #endif
    }
}

#if FFmpeg
private final class Collector {
    var samples: [Float] = []
    let limit: Int
    let abort: AbortFlag

    init(limit: Int, abort: AbortFlag) {
        self.limit = limit
        self.abort = abort
    }
}

private func collect(_ context: UnsafeMutableRawPointer?, _ samples: UnsafePointer<Float>?, _ count: Int) -> Bool {
    guard let context = unsafe context else { return false }
    let collector = unsafe Unmanaged<Collector>.fromOpaque(context).takeUnretainedValue()
    guard !collector.abort.isRaised, collector.samples.count + count <= collector.limit else { return false }
    unsafe collector.samples.append(contentsOf: UnsafeBufferPointer(start: samples, count: count))
    return true
}
#endif
