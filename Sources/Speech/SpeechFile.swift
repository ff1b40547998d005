package import Media

/// A file of speech in the making: joins pieces, changes their speed, encodes them.
///
/// One encoder runs over all of it. One owner, one task at a time.
package struct SpeechFile: ~Copyable {
    private let sampleRate: Int
    private var joiner: PieceJoiner
    private var stretch: TimeStretch?
    private var encoder: AudioEncoder
    private var sampleCount = 0

    /// - Parameters:
    ///   - format: Of the file.
    ///   - sampleRate: Of the sound that comes, in Hz.
    ///   - speed: 2 is twice as fast, at the same pitch.
    /// - Throws: Where there is no memory, or no encoder.
    package init(_ format: AudioFormat, sampleRate: Int, speed: Double) throws(AudioError) {
        self.sampleRate = sampleRate
        joiner = PieceJoiner(sampleRate: sampleRate)
        stretch = speed == 1 ? nil : try TimeStretch(sampleRate: sampleRate, speed: speed)
        encoder = try AudioEncoder(format, inputRate: sampleRate)
    }

    /// How long the sound is that was encoded.
    package var duration: Duration { .seconds(Double(sampleCount) / Double(sampleRate)) }

    /// Takes the next sound.
    ///
    /// - Returns: The bytes of the file that are ready, often none.
    package mutating func add(_ samples: [Int16]) throws(AudioError) -> [UInt8] { try encode(joiner.append(samples)) }

    /// Ends a piece.
    ///
    /// - Returns: The bytes of the file that are ready, often none.
    package mutating func endPiece(pause: Duration) throws(AudioError) -> [UInt8] {
        try encode(joiner.endPiece(pause: pause))
    }

    /// Ends the sound.
    ///
    /// - Returns: The bytes that are ready, often none; `close` gives the last ones.
    package mutating func finish() throws(AudioError) -> [UInt8] {
        guard let rest = try stretch?.finish(), !rest.isEmpty else { return [] }
        sampleCount += rest.count
        return try encoder.encode(rest)
    }

    /// The last bytes of the file.
    package consuming func close() throws(AudioError) -> [UInt8] { try encoder.finish() }

    private mutating func encode(_ samples: [Int16]) throws(AudioError) -> [UInt8] {
        guard !samples.isEmpty else { return [] }
        let samples = try stretch?.stretch(samples) ?? samples
        sampleCount += samples.count
        return samples.isEmpty ? [] : try encoder.encode(samples)
    }
}
