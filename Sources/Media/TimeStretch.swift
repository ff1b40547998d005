internal import CSonic

/// Plays sound faster or slower at the same pitch.
///
/// One owner, one task at a time.
@safe package struct TimeStretch: ~Copyable {
    private let stream: OpaquePointer

    /// - Parameters:
    ///   - sampleRate: In Hz.
    ///   - speed: 2 makes half as much sound of it; 0.05 to 20.
    /// - Throws: Where there is no memory.
    package init(sampleRate: Int, speed: Double) throws(AudioError) {
        guard let stream = unsafe cs_open(Int32(sampleRate), Float(speed)) else { throw .noMemory }
        unsafe self.stream = stream
    }

    deinit { unsafe cs_close(stream) }

    /// Takes samples, one channel.
    ///
    /// - Returns: What is ready, often less than was put in: it looks ahead.
    package mutating func stretch(_ samples: [Int16]) throws(AudioError) -> [Int16] {
        guard unsafe cs_write(stream, samples, samples.count) else { throw .noMemory }
        return read()
    }

    /// What is held back, at the end of the sound.
    package mutating func finish() throws(AudioError) -> [Int16] {
        guard unsafe cs_flush(stream) else { throw .noMemory }
        return read()
    }

    private borrowing func read() -> [Int16] {
        var result: [Int16] = []
        var part = [Int16](repeating: 0, count: 4096)
        while true {
            let count = unsafe cs_read(stream, &part, part.count)
            if count == 0 { return result }
            result += part[..<count]
        }
    }
}

extension AudioError {
    fileprivate static let noMemory = AudioError(.failed, "there is no memory for the sound")
}
