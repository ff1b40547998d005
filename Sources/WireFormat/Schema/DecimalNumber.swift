/// A number as it is written, to the last digit.
struct DecimalNumber: Equatable {
    let isNegative: Bool
    private let mantissa: UInt64
    private let exponent: Int

    /// Nil for what is no number.
    init?(_ value: JSONValue) {
        var (mantissa, exponent): (UInt64, Int)
        switch value {
        case .integer(let integer):
            isNegative = integer < 0
            (mantissa, exponent) = (integer.magnitude, 0)
        case .number(let number):
            guard number.isFinite else { return nil }
            // The shortest text that gives the number, as JSON has it: at most 17 digits.
            isNegative = number < 0
            let parts = "\(number.magnitude)".split(separator: "e")
            let places = parts[0].split(separator: ".")
            let fraction = places.count > 1 ? places[1] : ""
            guard let digits = UInt64(places[0] + fraction) else { return nil }
            mantissa = digits
            exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) - fraction.utf8.count
        default: return nil
        }
        while mantissa != 0, mantissa.isMultiple(of: 10) { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
        (self.mantissa, self.exponent) = (mantissa, mantissa == 0 ? 0 : exponent)
    }

    /// How many digits stand behind the point.
    var places: Int { max(0, -exponent) }

    /// The magnitude in units of a decimal place, rounded down, and whether that is all of it; at most 10^18.
    func units(places: Int) -> (count: UInt64, isExact: Bool) {
        let shift = exponent + places
        let most = Self.power(18)
        if shift >= 0 {
            let (product, overflow) =
                shift > 18 ? (0, mantissa != 0) : mantissa.multipliedReportingOverflow(by: Self.power(shift))
            return (overflow ? most : min(product, most), true)
        }
        guard -shift <= 19 else { return (0, mantissa == 0) }
        let unit = Self.power(-shift)
        return (min(mantissa / unit, most), mantissa.isMultiple(of: unit))
    }

    /// Ten to a power from 0 to 19.
    static func power(_ exponent: Int) -> UInt64 { (0..<exponent).reduce(1) { product, _ in product * 10 } }
}
