internal import CEncodings

/// OpenAI's encoding cl100k_base, as far as its tokens stand for text: what programs send to its embedding models.
///
/// Only for reading: its tokens become text, which a model of this server then reads with its own vocabulary.
@safe package struct OpenAIEncoding: Sendable {
    /// The encoding that text-embedding-3-small, text-embedding-3-large and text-embedding-ada-002 read.
    package static let cl100k = OpenAIEncoding()

    // Safe to share: static, and nobody writes to it.
    private nonisolated(unsafe) let table: UnsafeBufferPointer<UInt8>
    /// Where each token's bytes begin in the table, behind their length.
    private let starts: [Int]

    private init() {
        var size = 0
        let start = unsafe ce_cl100k(&size)
        unsafe table = UnsafeBufferPointer(start: start, count: size)
        var starts: [Int] = []
        var place = 0
        while place < size {
            starts.append(place + 1)
            place += unsafe 1 + Int(table[place])
        }
        self.starts = starts
    }

    /// How many tokens stand for text; higher ids are special, or none.
    package var size: Int { starts.count }

    /// The text of tokens, with U+FFFD in place of bytes that are not UTF-8.
    ///
    /// - Returns: Nil where an id is not in `0..<size`.
    package func decode(_ ids: [Int]) -> String? {
        var bytes: [UInt8] = []
        for id in ids {
            guard starts.indices.contains(id) else { return nil }
            let start = starts[id]
            unsafe bytes.append(contentsOf: table[start..<start + Int(table[start - 1])])
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
