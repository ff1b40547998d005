import Dispatch
import RuntimeSupport
import Speech

/// Makes a tone of each piece, notes what it was asked for, and waits where it is told to.
final class FakeSynthesizer: SpeechSynthesizer {
    /// What a test sees and steers, from any thread.
    final class Control: Sendable {
        private let state = Guarded<(spoken: [String], stopped: [String])>(([], []))
        /// Texts before whose second part of sound it waits for a signal.
        let gated: Set<String>
        private let gate = DispatchSemaphore(value: 0)

        init(gated: Set<String> = []) { self.gated = gated }

        var spoken: [String] { state.withLock { $0.spoken } }
        var stopped: [String] { state.withLock { $0.stopped } }

        func open() { gate.signal() }
        fileprivate func wait() { gate.wait() }
        fileprivate func note(_ text: String) { state.withLock { $0.spoken.append(text) } }
        fileprivate func noteStop(_ text: String) { state.withLock { $0.stopped.append(text) } }
    }

    /// Parts of sound that a piece has.
    static let parts = 20
    /// What fails.
    static let poison = "poison"

    let sampleRate = 22_050
    private let control: Control

    init(_ control: Control) { self.control = control }

    func speak(_ text: String, as voice: SynthesizerVoice, onto sink: ([Int16]) -> Bool) throws(SpeechError) {
        control.note(text)
        if text == Self.poison { throw SpeechError(.failed, "poisoned") }
        if control.gated.contains(text) { control.wait() }
        for part in 0..<Self.parts {
            let samples = (0..<1000).map { Int16(8000 * ((part * 1000 + $0) / 50 % 2 == 0 ? 1 : -1)) }
            guard sink(samples) else { return control.noteStop(text) }
        }
    }
}

extension Utterance {
    /// An utterance of these pieces.
    init(_ texts: [String]) {
        self.init(texts.map { Part(SpeechPiece($0, pause: .milliseconds(300)), SynthesizerVoice(language: "en-us")) })
    }
}
