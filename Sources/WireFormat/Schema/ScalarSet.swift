/// A set of Unicode scalars, as ascending ranges that neither touch nor overlap.
struct ScalarSet: Equatable, Sendable {
    private(set) var ranges: [ClosedRange<UInt32>]

    private static let last: UInt32 = 0x10FFFF

    init(_ ranges: [ClosedRange<UInt32>]) {
        var merged: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let before = merged.last, range.lowerBound <= before.upperBound &+ 1 {
                merged[merged.count - 1] = before.lowerBound...max(before.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        self.ranges = merged
    }

    init(_ scalars: String) { self.init(scalars.unicodeScalars.map { $0.value...$0.value }) }

    /// All that are not in the set.
    var inverted: ScalarSet {
        var (rest, next): ([ClosedRange<UInt32>], UInt32) = ([], 0)
        for range in ranges {
            if range.lowerBound > next { rest.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next <= Self.last { rest.append(next...Self.last) }
        return ScalarSet(rest)
    }

    func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }
    func subtracting(_ other: ScalarSet) -> ScalarSet { inverted.union(other).inverted }

    /// The set with both cases of its ASCII letters.
    var withBothCases: ScalarSet {
        var set = self
        for letter in UInt32(0x41)...0x5A {
            let (upper, lower) = (contains(letter), contains(letter + 0x20))
            if upper != lower { set = set.union(ScalarSet([letter...letter, letter + 0x20...letter + 0x20])) }
        }
        return set
    }

    /// Both cases of a letter, where each is one character; nil where there is one case.
    static func cases(of scalar: Unicode.Scalar) -> ScalarSet? {
        let forms = [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping]
            .map(\.unicodeScalars).filter { $0.count == 1 }.joined()
        let set = ScalarSet(([scalar] + forms).map { $0.value...$0.value })
        return set.ranges.count > 1 || set.ranges[0].count > 1 ? set : nil
    }

    func contains(_ value: UInt32) -> Bool { ranges.contains { $0.contains(value) } }

    static let digits = ScalarSet([0x30...0x39])
    static let wordCharacters = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let spaces = ScalarSet("\t\n\u{B}\u{C}\r \u{A0}\u{1680}\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}\u{FEFF}")
        .union(ScalarSet([0x2000...0x200A]))
    static let lineEnds = ScalarSet("\n\r\u{2028}\u{2029}")

    /// What stands in a JSON string only behind a backslash, or not at all.
    static let escapedInJSON = ScalarSet([0...0x1F, 0x22...0x22, 0x5C...0x5C, 0x7F...0x7F, 0xD800...0xDFFF])
}
