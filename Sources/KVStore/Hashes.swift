internal import CHash

/// A SHA-256 digest.
package struct Digest: Hashable, Sendable {
    static let size = 32

    /// 32 of them.
    package let bytes: [UInt8]

    /// 64 hexadecimal digits.
    package var text: String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

    init(_ bytes: [UInt8]) {
        precondition(bytes.count == Self.size)
        self.bytes = bytes
    }

    /// Of these bytes.
    package init(of data: [UInt8]) {
        var digest = [UInt8](repeating: 0, count: Self.size)
        unsafe sha256_hash(&digest, data, data.count)
        bytes = digest
    }

    /// Of this text.
    package init(of text: String) { self.init(of: Array(text.utf8)) }
}

/// A 64-bit hash by which damage is noticed: XXH3.
///
/// Against chance, not malice: it is as fast as memory, where SHA-256 would take longer than the disk, and whoever can write
/// files of mode 0600 in a folder of mode 0700 can also exchange the server.
func contentChecksum(_ bytes: [UInt8], seed: UInt64 = 0) -> UInt64 {
    unsafe XXH3_64bits_withSeed(bytes, bytes.count, seed)
}
