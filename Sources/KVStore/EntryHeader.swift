/// What a stored state is found by.
package struct StoredPrefix: Sendable, Equatable {
    /// Of all that must be alike where it is used again: the model's file, the formats, the versions.
    package let fingerprint: Digest
    /// Whose it is.
    package let owner: Digest
    package let tokens: [Int32]
    /// How many of the tokens were computed in the fixed chunks of deterministic mode.
    package let fixedCount: Int

    package init(fingerprint: Digest, owner: Digest, tokens: [Int32], fixedCount: Int = 0) {
        self.fingerprint = fingerprint
        self.owner = owner
        self.tokens = tokens
        self.fixedCount = fixedCount
    }
}

/// The beginning of a file; numbers are little-endian.
///
/// | bytes | content |
/// |---|---|
/// | 8 | magic |
/// | 4 | version of the format |
/// | 4, 4 | number of tokens; of those in fixed chunks |
/// | 8 | size of the state |
/// | 32, 32 | fingerprint; owner |
/// | 4 each | tokens |
/// | 8 | XXH3 of all before |
/// | … | the state |
/// | 8 | XXH3 of the state, the header's as seed |
struct EntryHeader: Sendable, Equatable {
    let prefix: StoredPrefix
    let stateSize: Int

    /// Like PNG's: a transfer as text would change it.
    static let magic: [UInt8] = [0x89] + Array("KVS\r\n".utf8) + [0x1A, 0x0A]
    static let version: UInt32 = 1
    /// Of what comes before the tokens.
    static let fixedSize = 92
    static let checksumSize = 8
    private static let mostTokens = 1 << 26

    var size: Int { Self.fixedSize + 4 * prefix.tokens.count + Self.checksumSize }
    var fileSize: Int { size + stateSize + Self.checksumSize }

    /// The header as it lies in the file.
    var bytes: [UInt8] {
        var bytes = Self.magic
        bytes.append(number: Self.version)
        bytes.append(number: UInt32(prefix.tokens.count))
        bytes.append(number: UInt32(prefix.fixedCount))
        bytes.append(number: UInt64(stateSize))
        bytes += prefix.fingerprint.bytes
        bytes += prefix.owner.bytes
        bytes.reserveCapacity(size)
        for token in prefix.tokens { bytes.append(number: UInt32(bitPattern: token)) }
        bytes.append(number: contentChecksum(bytes))
        return bytes
    }

    /// The checksum at the end of a header's bytes.
    static func checksum(of header: [UInt8]) -> UInt64 { header.number(at: header.count - checksumSize) }

    init(_ prefix: StoredPrefix, stateSize: Int) {
        self.prefix = prefix
        self.stateSize = stateSize
    }

    /// Reads and checks the beginning of a file.
    ///
    /// - Returns: The header, and its bytes.
    /// - Throws: `foreign`, `damaged`, or `failed`.
    static func read(_ file: borrowing OpenFile, fileSize: Int) throws(KVStoreError) -> (header: Self, bytes: [UInt8]) {
        var bytes = try file.read(fixedSize)
        guard bytes.starts(with: magic) else { throw KVStoreError(.foreign, "it was not made by this program") }
        guard bytes.count == fixedSize else { throw KVStoreError(.damaged, "it is cut short") }
        let version: UInt32 = bytes.number(at: 8)
        guard version == Self.version else {
            throw KVStoreError(.damaged, "its format has version \(version), not \(Self.version)")
        }
        let tokenCount = Int(bytes.number(at: 12) as UInt32)
        let fixedCount = Int(bytes.number(at: 16) as UInt32)
        let stateSize = bytes.number(at: 20) as UInt64
        // Before anything is allocated.
        guard tokenCount > 0, tokenCount <= mostTokens, fixedCount <= tokenCount, stateSize > 0, stateSize < 1 << 50,
            fixedSize + 4 * tokenCount + 2 * checksumSize + Int(stateSize) == fileSize
        else { throw KVStoreError(.damaged, "its size is not what it says") }
        let rest = try file.read(4 * tokenCount + checksumSize)
        guard rest.count == 4 * tokenCount + checksumSize else { throw KVStoreError(.damaged, "it is cut short") }
        bytes += rest
        guard contentChecksum(Array(bytes.dropLast(checksumSize))) == checksum(of: bytes) else {
            throw KVStoreError(.damaged, "its header does not have its checksum")
        }
        let prefix = StoredPrefix(
            fingerprint: Digest(Array(bytes[28..<60])),
            owner: Digest(Array(bytes[60..<92])),
            tokens: (0..<tokenCount).map { Int32(bitPattern: bytes.number(at: fixedSize + 4 * $0)) },
            fixedCount: fixedCount
        )
        return (Self(prefix, stateSize: Int(stateSize)), bytes)
    }
}

extension [UInt8] {
    mutating func append(number: some FixedWidthInteger) {
        for shift in stride(from: 0, to: number.bitWidth, by: 8) { append(UInt8(truncatingIfNeeded: number >> shift)) }
    }

    func number<Number: FixedWidthInteger>(at start: Int) -> Number {
        (0..<Number.bitWidth / 8).reduce(0) { $0 | Number(truncatingIfNeeded: self[start + $1]) << ($1 * 8) }
    }
}
