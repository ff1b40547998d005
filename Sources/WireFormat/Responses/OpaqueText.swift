/// A text as clients carry it around and hand back without looking: `encrypted_content`.
///
/// It is base64 behind a mark, not a cipher: it holds nothing that is not the client's own.
enum OpaqueText {
    private static let mark = "local."
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func wrap(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var coded: [UInt8] = []
        coded.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << (8 * (3 - group.count))
            for place in 0..<4 {
                let sextet = Int(bits >> (18 - 6 * place)) & 63
                coded.append(place <= group.count ? alphabet[sextet] : UInt8(ascii: "="))
            }
        }
        return mark + String(decoding: coded, as: UTF8.self)
    }

    /// The text, or nil where `wrap` did not make it.
    static func unwrap(_ opaque: String) -> String? {
        guard opaque.hasPrefix(mark), (opaque.utf8.count - mark.utf8.count).isMultiple(of: 4) else { return nil }
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        var padding = 0
        for character in opaque.utf8.dropFirst(mark.utf8.count) {
            if character == UInt8(ascii: "=") {
                padding += 1
                bits <<= 6
            } else {
                guard padding == 0, let sextet = value(of: character) else { return nil }
                bits = bits << 6 | sextet
            }
            count += 1
            guard count == 4 else { continue }
            guard padding < 3 else { return nil }
            for place in 0..<(3 - padding) { bytes.append(UInt8(truncatingIfNeeded: bits >> (16 - 8 * place))) }
            (bits, count) = (0, 0)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func value(of character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
