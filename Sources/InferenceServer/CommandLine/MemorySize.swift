/// An amount of memory as options name it: so many bytes, or a share of what is available.
enum MemorySize: Equatable {
    case bytes(UInt64)
    /// 0...1.
    case share(Double)

    /// Reads `8G`, `1.5GiB`, `6000M` or `75%`; units are powers of 1,024, and a number without one is bytes.
    init?(_ text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        guard let number = Double(digits), number > 0 else { return nil }
        var unit = text.dropFirst(digits.count).uppercased()
        if unit == "%" {
            guard number <= 100 else { return nil }
            self = .share(number / 100)
            return
        }
        for suffix in ["IB", "B"] where unit.count == suffix.count + 1 && unit.hasSuffix(suffix) {
            unit.removeLast(suffix.count)
        }
        let powers = ["": 0, "B": 0, "K": 10, "M": 20, "G": 30, "T": 40]
        guard let power = powers[unit] else { return nil }
        let bytes = number * Double(UInt64(1) << power)
        guard bytes >= 1, bytes < 1e18 else { return nil }
        self = .bytes(UInt64(bytes))
    }

    /// In bytes, where so much is available.
    func bytes(of available: UInt64) -> UInt64 {
        switch self {
        case .bytes(let count): count
        case .share(let share): UInt64(Double(available) * share)
        }
    }
}
