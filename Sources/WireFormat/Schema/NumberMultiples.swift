/// The multiples of a number within bounds, as GBNF: rules that carry the remainder from digit to digit.
struct NumberMultiples {
    /// The multiples take more rules than are worth it.
    struct TooMany: Error {}

    /// GBNF of the numbers; nil where there are none.
    private(set) var expression: String?
    /// The rules that it refers to, a line each.
    private(set) var rules: [String] = []

    private static let maximumRules = 1_000
    private static let maximumPlaces = 6

    /// How the rest of a number goes on: so many digits, and what they have to be modulo something.
    private struct Rest: Hashable {
        let divisor: UInt64
        let places: Int
        let digits: Int
        let remainder: UInt64

        init(_ divisor: UInt64, places: Int, digits: Int, remainder: UInt64) {
            (self.divisor, self.places, self.digits) = (divisor, places, digits)
            // The digits to come shift the remainder to the left: what is a multiple then does not count.
            self.remainder = remainder % (divisor / Self.commonFactor(divisor, DecimalNumber.power(digits)))
        }

        static func commonFactor(_ first: UInt64, _ second: UInt64) -> UInt64 {
            second == 0 ? first : commonFactor(second, first % second)
        }
    }

    private var names: [Rest: String?] = [:]

    /// - Parameters:
    ///   - factor: What the numbers are multiples of; not 0.
    ///   - range: What they are within.
    /// - Throws: ``TooMany``.
    init(of factor: DecimalNumber, in range: NumberRange) throws(TooMany) {
        let places = factor.places
        guard places <= Self.maximumPlaces else { throw TooMany() }
        let units = factor.units(places: places).count
        guard units > 0, units < DecimalNumber.power(NumberRange.maximumDigits) else { throw TooMany() }
        var rules = self
        expression = try range.signed { lower, upper throws(TooMany) in
            var alternatives: [String] = []
            for written in 0...(range.isInteger ? 0 : places) {
                let scale = DecimalNumber.power(places - written)
                let divisor = units / Rest.commonFactor(units, scale)
                for length in 1...NumberRange.maximumDigits - written {
                    let within = NumberRange.units(from: lower, to: upper, digits: length, places: written)
                    guard let within else { continue }
                    let bounded = Bounded(within, digits: length + written, divisor: divisor, places: written)
                    if let text = try rules.digits(
                        of: bounded,
                        at: 0,
                        remainder: 0,
                        aboveLeast: false,
                        belowMost: false
                    ) {
                        alternatives.append(text)
                    }
                }
            }
            return alternatives
        }
        self.rules = rules.rules
    }

    private struct Bounded {
        let least: [UInt8]
        let most: [UInt8]
        let divisor: UInt64
        let places: Int

        init(_ range: ClosedRange<UInt64>, digits: Int, divisor: UInt64, places: Int) {
            least = Self.digits(range.lowerBound, count: digits)
            most = Self.digits(range.upperBound, count: digits)
            (self.divisor, self.places) = (divisor, places)
        }

        private static func digits(_ value: UInt64, count: Int) -> [UInt8] {
            var (digits, rest) = ([UInt8](repeating: 0, count: count), value)
            for index in digits.indices.reversed() { (digits[index], rest) = (UInt8(rest % 10), rest / 10) }
            return digits
        }
    }

    /// GBNF of the digits from a position on, which stay within the bounds; nil where there are none, "" for the end.
    private mutating func digits(
        of number: Bounded,
        at position: Int,
        remainder: UInt64,
        aboveLeast: Bool,
        belowMost: Bool
    ) throws(TooMany) -> String? {
        let left = number.least.count - position
        guard left > 0 else { return remainder == 0 ? "" : nil }
        let isAbove = aboveLeast || (position > 0 && number.least[position...].allSatisfy { $0 == 0 })
        let isBelow = belowMost || number.most[position...].allSatisfy { $0 == 9 }
        if isAbove, isBelow {
            return try free(Rest(number.divisor, places: number.places, digits: left, remainder: remainder))
        }
        let first = isAbove ? 0 : number.least[position]
        let last = isBelow ? 9 : number.most[position]
        var byRest: [(rest: String, digits: [UInt8])] = []
        for digit in first...last {
            let rest = try digits(
                of: number,
                at: position + 1,
                remainder: (remainder * 10 + UInt64(digit)) % number.divisor,
                aboveLeast: isAbove || digit > first,
                belowMost: isBelow || digit < last
            )
            guard let rest else { continue }
            if let index = byRest.firstIndex(where: { $0.rest == rest }) {
                byRest[index].digits.append(digit)
            } else {
                byRest.append((rest, [digit]))
            }
        }
        return Self.written(byRest, point: left == number.places)
    }

    private static func written(_ byRest: [(rest: String, digits: [UInt8])], point: Bool) -> String? {
        guard !byRest.isEmpty else { return nil }
        let alternatives = byRest.map { rest, digits in
            let digit = "[" + digits.map(String.init).joined() + "]"
            return rest.isEmpty ? digit : digit + " " + rest
        }
        return (point ? "\".\" " : "") + NumberRange.choice(alternatives)
    }

    /// GBNF of digits without bounds: the name of a rule, made once.
    private mutating func free(_ rest: Rest) throws(TooMany) -> String? {
        guard rest.digits > 0 else { return rest.remainder == 0 ? "" : nil }
        if rest.divisor == 1 {
            let whole = max(rest.digits - rest.places, 0)
            let fraction = NumberRange.run(min(rest.digits, rest.places))
            let point = rest.places > 0 && rest.digits >= rest.places ? "\".\"" : nil
            return [NumberRange.run(whole), point, fraction].compactMap(\.self).joined(separator: " ")
        }
        if let name = names[rest] { return name }
        // Those that lead nowhere count too: there may be far more of them.
        names[rest] = .some(nil)
        guard names.count <= Self.maximumRules else { throw TooMany() }
        var byRest: [(rest: String, digits: [UInt8])] = []
        for digit in UInt8(0)...9 {
            let next = Rest(
                rest.divisor,
                places: rest.places,
                digits: rest.digits - 1,
                remainder: (rest.remainder * 10 + UInt64(digit)) % rest.divisor
            )
            guard let text = try free(next) else { continue }
            if let index = byRest.firstIndex(where: { $0.rest == text }) {
                byRest[index].digits.append(digit)
            } else {
                byRest.append((text, [digit]))
            }
        }
        let body = Self.written(byRest, point: rest.digits == rest.places)
        let name = body.map { _ in "@m\(rest.divisor)-\(rest.places)-\(rest.digits)-\(rest.remainder)" }
        names[rest] = .some(name)
        if let body, let name {
            rules.append("\(name) ::= \(body)")
        }
        return name
    }
}
