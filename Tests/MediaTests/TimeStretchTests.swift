import Media
import Testing

@Suite("Speed")
struct TimeStretchTests {
    @Test("the length changes, the pitch does not", arguments: [0.25, 0.5, 0.9, 1.1, 2, 4])
    func speeds(_ speed: Double) throws {
        let tone = Sounds.tone(150, seconds: 2, rate: 22_050)
        var stretch = try TimeStretch(sampleRate: 22_050, speed: speed)
        var result: [Int16] = []
        for start in stride(from: 0, to: tone.count, by: 441) {
            result += try stretch.stretch(Array(tone[start..<min(start + 441, tone.count)]))
        }
        result += try stretch.finish()
        let expected = Double(tone.count) / speed
        #expect(abs(Double(result.count) - expected) < 0.02 * expected + 300)
        #expect(abs(Sounds.period(result.map { Float($0) / 32_768 }, from: 80, to: 220) - 147) <= 2)
    }
}
