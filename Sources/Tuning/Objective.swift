/// What is chosen from what was measured.
package struct Objective: Sendable, Equatable {
    /// The most that the mean divergence from the original's output may be, in nats.
    package var maxKL: Double
    /// The gain below which nothing is changed: measuring is not more exact.
    package var minimumGain = 1.03

    package init(maxKL: Double = 0.01) { self.maxKL = maxKL }

    /// Why a format is not taken, or nil where it may be.
    package func refusal(gain: Double, distance: Distance) -> String? {
        if !(distance.meanKL <= maxKL) { return "refused: too far from the original" }
        if gain < minimumGain { return "no faster" }
        return nil
    }

    /// The place of the format that is best within the bound, or nil where none is better than the original.
    ///
    /// Of those whose gains measuring can't tell apart, the smallest.
    package func best(_ formats: [TuningRecord.Format]) -> Int? {
        let allowed = formats.indices.filter { place in
            guard let gain = formats[place].gain, let distance = formats[place].distance else { return false }
            return refusal(gain: gain, distance: distance) == nil
        }
        guard let most = allowed.compactMap({ formats[$0].gain }).max() else { return nil }
        return allowed.filter { (formats[$0].gain ?? 0) * minimumGain >= most }
            .min { (formats[$0].bytes ?? .max) < (formats[$1].bytes ?? .max) }
    }
}
