/// How often values fell into fixed buckets, and their sum.
package struct Histogram: Sendable, Equatable {
    /// The upper bounds of the buckets, each included, ascending; a last bucket takes what is above.
    package let bounds: [Double]
    /// How many values each bucket took, and no other: one more than there are bounds.
    package private(set) var counts: [UInt64]
    package private(set) var sum = 0.0

    package init(bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// How many values there were.
    package var count: UInt64 { counts.reduce(0, +) }

    package mutating func observe(_ value: Double) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }

    package mutating func observe(_ duration: Duration) { observe(duration / .seconds(1)) }
}
