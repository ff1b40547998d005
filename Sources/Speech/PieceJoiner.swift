/// Joins the sound of pieces to one: the silence around each goes, and the one asked for comes between them.
struct PieceJoiner {
    /// What is quieter counts as silence: −50 dB.
    static let threshold: Int16 = 100
    /// How much silence stays at the ends of a piece, so that nothing is cut off.
    static let margin = Duration.milliseconds(10)

    private let sampleRate: Int
    private let marginCount: Int
    /// Silence that has come and may have to go.
    private var held: [Int16] = []
    /// Whether something of this piece has been heard.
    private var isHeard = false
    /// The silence before the next sound; nil where it is the first.
    private var pause: Duration?

    init(sampleRate: Int) {
        self.sampleRate = sampleRate
        marginCount = Int(Self.margin / .seconds(1) * Double(sampleRate))
    }

    /// Takes sound.
    ///
    /// - Returns: What can be sent.
    mutating func append(_ samples: [Int16]) -> [Int16] {
        let isSound = { (sample: Int16) in sample > Self.threshold || sample < -Self.threshold }
        guard let last = samples.lastIndex(where: isSound) else {
            held += samples
            if !isHeard { held.removeFirst(max(0, held.count - marginCount)) }
            return []
        }
        var result: [Int16] = []
        if !isHeard, let first = samples.firstIndex(where: isSound) {
            isHeard = true
            if let pause { result += silence(pause) }
            result += (held + samples[..<first]).suffix(marginCount)
            result += samples[first...last]
        } else {
            result = held + samples[...last]
        }
        held = Array(samples[(last + 1)...])
        return result
    }

    /// Ends a piece, behind which there is to be a silence.
    ///
    /// - Returns: What can be sent.
    mutating func endPiece(pause next: Duration) -> [Int16] {
        defer { held = [] }
        guard isHeard else { return [] }
        isHeard = false
        pause = next
        return Array(held.prefix(marginCount))
    }

    private func silence(_ duration: Duration) -> [Int16] {
        [Int16](repeating: 0, count: Int(duration / .seconds(1) * Double(sampleRate)))
    }
}
