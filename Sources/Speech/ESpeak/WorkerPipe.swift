#if ESpeak
internal import Foundation

/// Frames between the server and the process that speaks: a kind, a length, a body.
struct WorkerPipe {
    enum Kind: UInt8 {
        // To the worker.
        case speak, stop
        // From it.
        case inventory, sound, done, failed
    }

    struct Frame {
        let kind: Kind
        let body: [UInt8]
    }

    /// More is no frame, but a worker whose memory is damaged.
    private static let longestBody = 1 << 20

    let input: Int32
    let output: Int32

    init(reading input: Int32, writing output: Int32) {
        self.input = input
        self.output = output
    }

    /// Whether there is something to read, or the other side has gone.
    var hasInput: Bool { wait(milliseconds: 0) }

    /// Whether there is something to read within a time, or the other side has gone.
    func wait(milliseconds: Int32) -> Bool {
        var descriptor = pollfd(fd: input, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&descriptor, 1, milliseconds) != 0
    }

    func write(_ kind: Kind, _ body: [UInt8]) throws(SpeechError) {
        let length = unsafe withUnsafeBytes(of: UInt32(body.count)) { unsafe Array($0) }
        let bytes = [kind.rawValue] + length + body
        let isDone = unsafe bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[done...])
                let part = unsafe Foundation.write(output, rest.baseAddress, rest.count)
                if part < 0, errno == EINTR { continue }
                guard part > 0 else { return false }
                done += part
            }
            return true
        }
        if !isDone { throw .gone }
    }

    /// The next frame; nil at the end.
    func read() throws(SpeechError) -> Frame? {
        guard let head = read(5) else { return nil }
        let length = head[1...].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard let kind = Kind(rawValue: head[0]), length <= Self.longestBody else { throw .gone }
        guard let body = read(length) else { throw .gone }
        return Frame(kind: kind, body: body)
    }

    /// So many bytes; nil where the other side has gone before.
    private func read(_ count: Int) -> [UInt8]? {
        var isShort = false
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let rest = unsafe UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...]
                )
                let part = unsafe Foundation.read(input, rest.baseAddress, count - filled)
                if part < 0, errno == EINTR { continue }
                guard part > 0 else {
                    isShort = true
                    break
                }
                filled += part
            }
        }
        return isShort ? nil : bytes
    }
}

/// What a worker is asked to speak.
struct SpeechOrder {
    let voice: ESpeakVoice
    let text: String

    init(_ text: String, _ voice: ESpeakVoice) {
        self.text = text
        self.voice = voice
    }

    /// Lines of the voice, then the text.
    var body: [UInt8] {
        Array("\(voice.language)\n\(voice.variant ?? "")\n\(voice.pitch)\n\(voice.range)\n\(text)".utf8)
    }

    init?(_ body: [UInt8]) {
        let parts = String(decoding: body, as: UTF8.self)
            .split(separator: "\n", maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count == 5, let pitch = Int(parts[2]), let range = Int(parts[3]) else { return nil }
        voice = ESpeakVoice(
            language: String(parts[0]),
            variant: parts[1].isEmpty ? nil : String(parts[1]),
            pitch: pitch,
            range: range
        )
        text = String(parts[4])
    }
}

extension SpeechError {
    static let gone = SpeechError(.failed, "the process that speaks has gone")
}
#endif
