internal import CLlama

/// How many tokens the bytes of a text need at least; see cl_vocabulary.h.
struct TokenDensity: Sendable {
    /// The most bytes that one token can stand for.
    private let longestSpan: Int

    private let canBeLost: [Bool]
    private let standsAlone: [Bool]
    private let losesNothing: Bool

    /// Looks at a vocabulary, or gives nil where no bound is known.
    ///
    /// - Parameter model: A `cl_model`, borrowed.
    init?(_ model: OpaquePointer) {
        var kinds = Array(repeating: UInt8(0), count: 256)
        longestSpan = Int(unsafe cl_vocabulary_longest_span(model, &kinds))
        guard longestSpan > 0 else { return nil }
        let lost = kinds.map { $0 == UInt8(cl_byte_kind.CL_BYTE_LOST.rawValue) }
        canBeLost = lost
        standsAlone = kinds.map { $0 == UInt8(cl_byte_kind.CL_BYTE_ALONE.rawValue) }
        // Some bytes are in no text: see Unicode, table 3-7.
        losesNothing = !(0..<256).contains { lost[$0] && $0 < 0xF5 && $0 != 0xC0 && $0 != 0xC1 }
    }

    func minimumTokenCount(ofUTF8Length length: Int) -> Int {
        losesNothing && length > 0 ? (length - 1) / longestSpan + 1 : 0
    }

    func minimumTokenCount(of text: String) -> Int {
        var alone = 0
        var joined = 0
        for byte in text.utf8 where !canBeLost[Int(byte)] {
            if standsAlone[Int(byte)] { alone += 1 } else { joined += 1 }
        }
        return alone + (joined + longestSpan - 1) / longestSpan
    }
}
