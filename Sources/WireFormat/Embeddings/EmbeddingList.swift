/// The answer to a request for embeddings: a vector for each text, in the texts' order.
package struct EmbeddingList: JSONRepresentable, Equatable {
    package let model: String
    package let vectors: [[Float]]
    package let encodingFormat: EmbeddingRequest.EncodingFormat
    package let promptTokens: Int

    package init(
        model: String,
        vectors: [[Float]],
        encodingFormat: EmbeddingRequest.EncodingFormat,
        promptTokens: Int
    ) {
        self.model = model
        self.vectors = vectors
        self.encodingFormat = encodingFormat
        self.promptTokens = promptTokens
    }

    package var json: JSONValue {
        [
            "object": "list",
            "data": .array(
                vectors.enumerated().map { index, vector in
                    ["object": "embedding", "index": JSONValue(index), "embedding": Self.json(vector, encodingFormat)]
                }
            ),
            "model": .string(model),
            "usage": .promptUsage(promptTokens),
        ]
    }

    private static func json(_ vector: [Float], _ format: EmbeddingRequest.EncodingFormat) -> JSONValue {
        switch format {
        // The shortest number that reads back as the same float.
        case .float: .array(vector.map { .number(Double($0.description) ?? Double($0)) })
        case .base64: .string(Base64.encode(vector.flatMap { $0.bitPattern.littleEndianBytes }))
        }
    }
}

extension JSONValue {
    /// The usage of a request that generates nothing.
    static func promptUsage(_ tokens: Int) -> JSONValue {
        ["prompt_tokens": JSONValue(tokens), "total_tokens": JSONValue(tokens)]
    }
}

extension UInt32 {
    fileprivate var littleEndianBytes: [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: self >> ($0 * 8)) } }
}

/// Base64 with padding (RFC 4648, section 4).
enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var group: UInt32 = 0
            for offset in 0..<3 { group = group << 8 | (offset < count ? UInt32(bytes[start + offset]) : 0) }
            for place in 0..<4 {
                let digit = digits[Int(group >> (18 - 6 * UInt32(place)) & 63)]
                text.append(place <= count ? digit : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
