/// The numbers within bounds, and what of them is written in GBNF.
///
/// Numbers are written without an exponent and with 15 digits at most: so many a double tells apart, and what is beyond a
/// bound by its digits is not rounded onto it by who reads it.
struct NumberRange {
    struct Bound {
        let value: DecimalNumber
        /// About the same number, to tell which of two bounds is tighter.
        let order: Double
        let isExclusive: Bool
    }

    /// Of text that is a number.
    static let maximumDigits = 15

    private(set) var lower: Bound?
    private(set) var upper: Bound?
    let isInteger: Bool

    init(isInteger: Bool) { self.isInteger = isInteger }

    /// Sets a bound below, unless there is a tighter one.
    mutating func raise(to bound: Bound) {
        if let lower, lower.order > bound.order || (lower.order == bound.order && !bound.isExclusive) { return }
        lower = bound
    }

    /// Sets a bound above, unless there is a tighter one.
    mutating func lower(to bound: Bound) {
        if let upper, upper.order < bound.order || (upper.order == bound.order && !bound.isExclusive) { return }
        upper = bound
    }

    /// GBNF of the numbers; nil where there are none.
    var expression: String? { signed { lower, upper in magnitudes(lower, upper) } }

    /// Numbers with their signs, of what writes magnitudes within bounds.
    func signed<Failure>(_ magnitudes: (Bound?, Bound?) throws(Failure) -> [String]) throws(Failure) -> String? {
        var alternatives: [String] = []
        if lower?.value.isNegative != false {
            let isBelow = upper?.value.isNegative == true
            let zero = DecimalNumber(.integer(0)).map { Bound(value: $0, order: 0, isExclusive: true) }
            let below = try magnitudes(isBelow ? upper : zero, lower)
            if !below.isEmpty { alternatives.append("\"-\" " + Self.choice(below)) }
        }
        if upper?.value.isNegative != true {
            alternatives += try magnitudes(lower?.value.isNegative == true ? nil : lower, upper)
        }
        return alternatives.isEmpty ? nil : Self.choice(alternatives)
    }

    /// The magnitudes within bounds that have so many digits before the point, in units of the last place behind it.
    static func units(from lower: Bound?, to upper: Bound?, digits: Int, places: Int) -> ClosedRange<UInt64>? {
        let all =
            (digits == 1 ? 0 : DecimalNumber.power(digits - 1 + places))...DecimalNumber.power(digits + places) - 1
        var (least, most) = (all.lowerBound, all.upperBound)
        if let lower {
            let (count, isExact) = lower.value.units(places: places)
            least = max(least, isExact && !lower.isExclusive ? count : count + 1)
        }
        if let upper {
            let (count, isExact) = upper.value.units(places: places)
            guard count > 0 || !isExact || !upper.isExclusive else { return nil }
            most = min(most, isExact && upper.isExclusive ? count - 1 : count)
        }
        return least <= most ? least...most : nil
    }

    static func choice(_ alternatives: [String]) -> String {
        alternatives.count == 1 ? alternatives[0] : "(" + alternatives.joined(separator: " | ") + ")"
    }

    /// Digits of a range.
    static func digit(_ first: UInt8, _ last: UInt8) -> String { first == last ? "\"\(first)\"" : "[\(first)-\(last)]" }

    /// So many digits.
    static func run(_ count: Int) -> String? {
        count == 0 ? nil : count == 1 ? "[0-9]" : "[0-9]{\(count)}"
    }

    // MARK: magnitudes

    /// Lengths before the point that are written together where no bound is near, and the digits behind it.
    private static let groups = [(1...5, 10), (6...9, 6), (10...12, 3), (13...15, 0)]

    private func magnitudes(_ lower: Bound?, _ upper: Bound?) -> [String] {
        var alternatives: [String] = []
        for (lengths, groupPlaces) in Self.groups {
            var open: ClosedRange<Int>?
            for length in lengths {
                let places = isInteger ? 0 : Self.maximumDigits - length
                guard let range = Self.units(from: lower, to: upper, digits: length, places: places) else { continue }
                let digits = MagnitudeDigits(range, length: length, places: places)
                if digits.isAll {
                    open = (open?.lowerBound ?? length)...length
                } else if let written = digits.expression {
                    alternatives.append(written)
                }
            }
            if let open {
                let rest =
                    open.lowerBound - 1 == open.upperBound - 1
                    ? Self.run(open.lowerBound - 1) : "[0-9]{\(max(open.lowerBound - 1, 0)),\(open.upperBound - 1)}"
                let whole =
                    (open.lowerBound == 1 ? ["\"0\""] : []) + [
                        ["[1-9]", rest].compactMap(\.self).joined(separator: " ")
                    ]
                let fraction = isInteger || groupPlaces == 0 ? nil : "(\".\" [0-9]{1,\(groupPlaces)})?"
                alternatives.append([Self.choice(whole), fraction].compactMap(\.self).joined(separator: " "))
            }
        }
        return alternatives
    }
}

/// The magnitudes of a range, which all have so many digits before the point, and at most so many behind it.
private struct MagnitudeDigits {
    private let least: [UInt8]
    private let most: [UInt8]
    private let length: Int
    private let places: Int

    init(_ range: ClosedRange<UInt64>, length: Int, places: Int) {
        (self.length, self.places) = (length, places)
        least = Self.digits(range.lowerBound, count: length + places)
        most = Self.digits(range.upperBound, count: length + places)
    }

    static func digits(_ value: UInt64, count: Int) -> [UInt8] {
        var (digits, rest) = ([UInt8](repeating: 0, count: count), value)
        for index in digits.indices.reversed() { (digits[index], rest) = (UInt8(rest % 10), rest / 10) }
        return digits
    }

    /// Whether all of the length are in the range.
    var isAll: Bool {
        least[0] == (length == 1 ? 0 : 1) && isZero(from: 1) && most.allSatisfy { $0 == 9 }
    }

    var expression: String? { rest(from: 0, aboveLeast: false, belowMost: false) }

    private func isZero(from position: Int) -> Bool { least[position...].allSatisfy { $0 == 0 } }

    /// GBNF of the digits from a position on, where those before are known to be more than the least ones, or less than
    /// the most; nil where there are none.
    private func rest(from position: Int, aboveLeast: Bool, belowMost: Bool) -> String? {
        let isAbove = aboveLeast || (position > 0 && isZero(from: position))
        let isBelow = belowMost || most[position...].allSatisfy { $0 == 9 }
        guard position >= length else {
            return isAbove && isBelow
                ? [NumberRange.run(length - position), places > 0 ? "(\".\" [0-9]{1,\(places)})?" : nil]
                    .compactMap(\.self).joined(separator: " ")
                : next(at: position, aboveLeast: isAbove, belowMost: isBelow)
        }
        // What is left out behind the point is zeros.
        guard position < length + places else { return isAbove || isZero(from: position) ? "" : nil }
        let point = position == length ? "\".\" " : ""
        if isAbove, isBelow {
            let least = position == length ? 1 : 0
            return least == 1 ? "(\".\" [0-9]{1,\(places)})?" : "[0-9]{0,\(length + places - position)}"
        }
        guard let digits = next(at: position, aboveLeast: isAbove, belowMost: isBelow) else {
            return isAbove ? "" : nil
        }
        return isAbove ? "(\(point)\(digits))?" : point + digits
    }

    private func next(at position: Int, aboveLeast: Bool, belowMost: Bool) -> String? {
        let first = aboveLeast ? 0 : least[position]
        let last = belowMost ? 9 : most[position]
        var alternatives: [String] = []
        func append(_ digits: String, _ rest: String?) {
            if let rest { alternatives.append(rest.isEmpty ? digits : digits + " " + rest) }
        }
        if first == last, !aboveLeast, !belowMost {
            append(NumberRange.digit(first, last), rest(from: position + 1, aboveLeast: false, belowMost: false))
        } else {
            let (from, to) = (Int(first) + (aboveLeast ? 0 : 1), Int(last) - (belowMost ? 0 : 1))
            if !aboveLeast {
                append(
                    NumberRange.digit(first, first),
                    rest(from: position + 1, aboveLeast: false, belowMost: true)
                )
            }
            if from <= to {
                append(
                    NumberRange.digit(UInt8(from), UInt8(to)),
                    rest(from: position + 1, aboveLeast: true, belowMost: true)
                )
            }
            if !belowMost {
                append(NumberRange.digit(last, last), rest(from: position + 1, aboveLeast: true, belowMost: false))
            }
        }
        return alternatives.isEmpty ? nil : NumberRange.choice(alternatives)
    }
}
