import Testing
import Whisper

@Suite("Voice detector")
struct VoiceDetectorTests {
    @Test("speech is found where it is, however the sound is cut up")
    func parts() throws {
        let detector = try VoiceDetector()
        let whole = try detector.listen(Fixtures.jfk[...])
        detector.reset()
        var parts: [Float] = []
        for start in stride(from: 0, to: Fixtures.jfk.count, by: 32 * VoiceDetector.window) {
            let end = min(start + 32 * VoiceDetector.window, Fixtures.jfk.count)
            parts += try detector.listen(Fixtures.jfk[start..<end])
        }
        #expect(whole == parts && whole.count == (176_000 + 511) / 512)
        let stretches = try detector.stretches(whole, VoiceDetector.Options())
        #expect(stretches.count >= 3 && stretches.allSatisfy { !$0.isEmpty && $0.upperBound <= 11.01 })
        var options = VoiceDetector.Options()
        options.minSilence = .seconds(2)
        options.prefix = .milliseconds(300)
        let few = try detector.stretches(whole, options)
        #expect(few.count < stretches.count && few[0].lowerBound <= stretches[0].lowerBound)
    }

    @Test("nobody speaks in silence")
    func silence() throws {
        let detector = try VoiceDetector()
        let probabilities = try detector.listen([Float](repeating: 0, count: 160_000)[...])
        #expect(probabilities.allSatisfy { $0 < 0.3 })
        #expect(try detector.stretches(probabilities, VoiceDetector.Options()).isEmpty)
        #expect(try detector.listen([]).isEmpty && detector.stretches([], VoiceDetector.Options()).isEmpty)
    }
}
