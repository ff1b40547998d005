internal import Foundation

/// The loudness of a sound over time: where the silence around a word ends.
struct VoicedEdges {
    private static let frame = 160  // 10 ms
    /// Below this part of a word's loudest frame, it is silent.
    private static let quiet: Float = 0.05
    /// How much longer a word may be than attention has it, in seconds.
    private static let longestRest = 0.5
    /// A word may be silent for so long in its middle, in frames: where the mouth is closed before a "t" or "k".
    private static let closure = 12
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

    /// Lets the last word before a pause go on for as long as it is heard: attention leaves a word before its sound ends.
    ///
    /// - Parameters:
    ///   - span: The word's, in seconds.
    ///   - limit: Where it ends at the latest.
    /// - Returns: The word with its rest.
    func extend(_ span: Range<Double>, until limit: Double) -> Range<Double> {
        let first = Int((span.lowerBound * 100).rounded())
        let last = Int((span.upperBound * 100).rounded())
        let end = min(Int((min(limit, span.upperBound + Self.longestRest) * 100).rounded()), loudness.count)
        guard first >= 0, last > first, last < end, let peak = loudness[first..<last].max(), peak > 0 else {
            return span
        }
        var rest = last
        for place in last..<end {
            if loudness[place] >= peak * Self.quiet { rest = place + 1 }
            if place + 1 - rest == Self.closure { break }
        }
        return rest > last ? span.lowerBound..<Double(rest) / 100 : span
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
