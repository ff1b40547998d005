import Dispatch
import RuntimeSupport
import Speech

/// Makes a tone of each piece, notes what it was asked for, and waits where it is told to.
final class FakeSynthesizer: SpeechSynthesizer {
    /// What a test sees and steers, from any thread.
    final class Control: Sendable {
        private let state = Guarded<(spoken: [String], stopped: [String], ended: [String])>(([], [], []))
        /// Texts before whose second part of sound it waits for a signal.
        let gated: Set<String>
        private let gate = DispatchSemaphore(value: 0)

        init(gated: Set<String> = []) { self.gated = gated }

        var spoken: [String] { state.withLock { $0.spoken } }
        var stopped: [String] { state.withLock { $0.stopped } }
        /// Pieces whose work was let go of.
        var ended: [String] { state.withLock { $0.ended } }

        func open() { gate.signal() }
        fileprivate func wait() { gate.wait() }
        fileprivate func note(_ text: String) { state.withLock { $0.spoken.append(text) } }
        fileprivate func noteEnd(_ text: String) { state.withLock { $0.ended.append(text) } }
        fileprivate func noteStop(_ text: String) { state.withLock { $0.stopped.append(text) } }
    }

    /// Parts of sound that a piece has.
    static let parts = 20
    /// What fails.
    static let poison = "poison"

    let sampleRate = 22_050
    let capacity: Int
    private let control: Control
    /// Whether a step is a part of sound, or all of a piece.
    private let isStepwise: Bool

    /// - Parameters:
    ///   - control: What a test sees and steers.
    ///   - capacity: How many pieces may be under way.
    ///   - isStepwise: Whether a step is a part of sound, or all of a piece.
    init(_ control: Control, capacity: Int = 1, isStepwise: Bool = false) {
        self.control = control
        self.capacity = capacity
        self.isStepwise = isStepwise
    }

    func begin(_ text: String, as voice: String) throws(SpeechError) -> Piece {
        Piece(text: text, control: control, isStepwise: isStepwise)
    }

    /// A tone.
    final class Piece: SpokenPiece {
        private let text: String
        private let control: Control
        private let isStepwise: Bool
        private var part = 0

        fileprivate init(text: String, control: Control, isStepwise: Bool) {
            self.text = text
            self.control = control
            self.isStepwise = isStepwise
        }

        deinit { control.noteEnd(text) }

        func step(onto sink: ([Int16]) -> Bool) throws(SpeechError) -> Bool {
            if part == 0 || isStepwise { control.note(text) }
            if text == FakeSynthesizer.poison { throw SpeechError(.failed, "poisoned") }
            if control.gated.contains(text), part == 0 { control.wait() }
            while part < FakeSynthesizer.parts {
                let samples = (0..<1000).map { Int16(8000 * ((part * 1000 + $0) / 50 % 2 == 0 ? 1 : -1)) }
                part += 1
                guard sink(samples) else {
                    control.noteStop(text)
                    return false
                }
                if isStepwise { break }
            }
            return part < FakeSynthesizer.parts
        }
    }
}

extension Utterance where Voice == String {
    /// An utterance of these pieces.
    init(_ texts: [String]) {
        self.init(texts.map { Part(SpeechPiece($0, pause: .milliseconds(300)), "someone") })
    }
}
