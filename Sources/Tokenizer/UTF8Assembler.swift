/// Gathers bytes into text: holds back a character that is not complete yet, and replaces what can't become one.
struct UTF8Assembler: Sendable {
    /// The beginning of a well-formed character: 0 to 3 bytes.
    private var pending: [UInt8] = []

    mutating func append(_ bytes: some Sequence<UInt8>) -> String {
        pending.append(contentsOf: bytes)
        let end = pending.count - Self.incompleteSuffix(of: pending)
        let text = String(decoding: pending[..<end], as: UTF8.self)
        pending.removeFirst(end)
        return text
    }

    mutating func finish() -> String {
        defer { pending = [] }
        return String(decoding: pending, as: UTF8.self)
    }

    /// The length of the suffix that more bytes may complete to one character.
    ///
    /// Cutting before it changes nothing about the rest: a decoder begins anew at each byte that leads a character.
    private static func incompleteSuffix(of bytes: [UInt8]) -> Int {
        for length in 1...3 where length <= bytes.count {
            let suffix = bytes.suffix(length)
            guard let lead = suffix.first, !isContinuation(lead) else { continue }
            guard let second = secondByte(after: lead), length < self.length(led: lead) else { return 0 }
            let isPossible = suffix.dropFirst().prefix(1).allSatisfy(second.contains)
            return isPossible ? length : 0
        }
        return 0
    }

    private static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

    private static func length(led lead: UInt8) -> Int { lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4 }

    /// What may follow a lead byte (Unicode, table 3-7), or nil where the byte leads nothing of several bytes.
    private static func secondByte(after lead: UInt8) -> ClosedRange<UInt8>? {
        switch lead {
        case 0xE0: 0xA0...0xBF
        case 0xED: 0x80...0x9F
        case 0xF0: 0x90...0xBF
        case 0xF4: 0x80...0x8F
        case 0xC2...0xF4: 0x80...0xBF
        default: nil
        }
    }
}
