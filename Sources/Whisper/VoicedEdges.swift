internal import Foundation

/// The loudness of a sound over time: where the silence around a word ends.
struct VoicedEdges {
    private static let frame = 160  // 10 ms
    /// Below this part of a word's loudest frame, it is silent.
    private static let quiet: Float = 0.05
    /// What is left of a word at least, in frames.
    private static let shortest = 4

    private let loudness: [Float]

    /// - Parameter samples: At 16 kHz.
    init(_ samples: ArraySlice<Float>) {
        var loudness: [Float] = []
        loudness.reserveCapacity(samples.count / Self.frame + 1)
        var start = samples.startIndex
        while start < samples.endIndex {
            let end = min(start + Self.frame, samples.endIndex)
            var sum: Float = 0
            for index in start..<end { sum += samples[index] * samples[index] }
            loudness.append((sum / Float(end - start)).squareRoot())
            start = end
        }
        self.loudness = loudness
    }

    /// Takes silence away from both ends of a span, in seconds.
    func trim(_ span: Range<Double>) -> Range<Double> {
        let first = Int((span.lowerBound * 100).rounded())
        let last = min(Int((span.upperBound * 100).rounded()), loudness.count)
        guard first >= 0, last - first > Self.shortest, let peak = loudness[first..<last].max(), peak > 0 else {
            return span
        }
        let threshold = peak * Self.quiet
        var (start, end) = (first, last)
        while start < last - Self.shortest, loudness[start] < threshold { start += 1 }
        while end > start + Self.shortest, loudness[end - 1] < threshold { end -= 1 }
        let lower = start == first ? span.lowerBound : Double(start) / 100
        let upper = end == last ? span.upperBound : Double(end) / 100
        return lower..<max(lower, upper)
    }
}

extension Double {
    /// e to the power of this.
    var exponential: Double { exp(self) }
}
