/// The formats that sound is sent in, each with one channel.
package enum AudioFormat: String, Sendable, CaseIterable {
    case mp3
    /// Opus in Ogg.
    case opus
    /// AAC-LC with ADTS headers.
    case aac
    case flac
    /// 16 bits a sample, least significant byte first, behind a header.
    ///
    /// The header's lengths say "until the end", since it is sent before they are known.
    case wav
    /// The same without a header.
    case pcm

    /// Its media type.
    package var contentType: String {
        switch self {
        case .mp3: "audio/mpeg"
        case .opus: "audio/ogg"
        case .aac: "audio/aac"
        case .flac: "audio/flac"
        case .wav: "audio/wav"
        case .pcm: "audio/pcm"
        }
    }
}
