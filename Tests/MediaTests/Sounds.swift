import Foundation

/// Sounds of the tests.
enum Sounds {
    /// A tone with its harmonics, one channel, at half of full scale.
    static func tone(_ frequency: Double, seconds: Double, rate: Int) -> [Int16] {
        (0..<Int(seconds * Double(rate))).map { index in
            let phase = 2 * Double.pi * frequency * Double(index) / Double(rate)
            return Int16(10_000 * (sin(phase) + 0.4 * sin(2 * phase) + 0.2 * sin(3 * phase)))
        }
    }

    /// The period that fits best, in samples, looked for between two.
    static func period(_ samples: [Float], from shortest: Int, to longest: Int) -> Int {
        let middle = samples.count / 2
        let part = samples[middle..<min(samples.count, middle + 4 * longest)]
        return (shortest...longest).max { correlation(part, $0) < correlation(part, $1) } ?? 0
    }

    private static func correlation(_ part: ArraySlice<Float>, _ lag: Int) -> Float {
        let count = part.count - lag
        let (start, end) = (part.startIndex, part.startIndex + count)
        return (start..<end).reduce(0) { $0 + part[$1] * part[$1 + lag] } / Float(count)
    }

    static func loudness(_ samples: [Float]) -> Float {
        (samples.reduce(0) { $0 + $1 * $1 } / Float(max(1, samples.count))).squareRoot()
    }
}
