internal import CFFmpeg

/// A file of sound in the making: takes samples, gives the file's bytes as they come.
///
/// One owner, one task at a time.
@safe package struct AudioEncoder: ~Copyable {
    /// Of the file, in Hz.
    package static let sampleRate = 24_000

    #if FFmpeg
    private let encoder: OpaquePointer

    /// Begins a file.
    ///
    /// - Parameters:
    ///   - format: Of the file.
    ///   - inputRate: Of the samples that come, in Hz.
    /// - Throws: Where there is no memory, or no encoder.
    package init(_ format: AudioFormat, inputRate: Int) throws(AudioError) {
        var made: OpaquePointer?
        var message = cff_message()
        let status = unsafe cff_encoder_open(
            format.native,
            Int32(inputRate),
            Int32(Self.sampleRate),
            &made,
            &message
        )
        guard status == CFF_OK, let made = unsafe made else { throw AudioError(status, message) }
        unsafe encoder = made
    }

    deinit { unsafe cff_encoder_close(encoder) }

    /// Takes samples, one channel.
    ///
    /// - Returns: The bytes that are ready, often none.
    package mutating func encode(_ samples: [Int16]) throws(AudioError) -> [UInt8] {
        var message = cff_message()
        let status = unsafe cff_encoder_write(encoder, samples, samples.count, &message)
        guard status == CFF_OK else { throw AudioError(status, message) }
        return take()
    }

    /// Ends the file.
    ///
    /// - Returns: Its last bytes.
    package consuming func finish() throws(AudioError) -> [UInt8] {
        var message = cff_message()
        let status = unsafe cff_encoder_finish(encoder, &message)
        guard status == CFF_OK else { throw AudioError(status, message) }
        return take()
    }

    private borrowing func take() -> [UInt8] {
        var count = 0
        let bytes = unsafe cff_encoder_take(encoder, &count)
        return unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
    }
    #else
    /// - Throws: Always: the program was built without FFmpeg.
    package init(_ format: AudioFormat, inputRate: Int) throws(AudioError) { throw .notBuilt }

    package mutating func encode(_ samples: [Int16]) throws(AudioError) -> [UInt8] { throw .notBuilt }

    package consuming func finish() throws(AudioError) -> [UInt8] { throw .notBuilt }
    #endif
}

extension AudioError {
    static let notBuilt = AudioError(.notBuilt, "this program was built without FFmpeg")
}

#if FFmpeg
extension AudioFormat {
    fileprivate var native: cff_format {
        switch self {
        case .mp3: CFF_MP3
        case .opus: CFF_OPUS
        case .aac: CFF_AAC
        case .flac: CFF_FLAC
        case .wav: CFF_WAV
        case .pcm: CFF_PCM
        }
    }
}

extension AudioError {
    /// What FFmpeg's wrapper answered, in words.
    init(_ status: cff_status, _ message: cff_message) {
        switch status {
        case CFF_NO_MEMORY: self.init(.failed, "there is no memory for the sound")
        case CFF_UNKNOWN_FORMAT: self.init(.unknownFormat, "this is no audio file of a format that is read")
        case CFF_NO_SOUND: self.init(.noSound, "the file holds no sound that is read")
        case CFF_DAMAGED: self.init(.damaged, "the file's sound is damaged")
        default:
            let text = unsafe withUnsafeBytes(of: message.text) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            self.init(.failed, "FFmpeg failed: \(text)")
        }
    }
}
#endif
