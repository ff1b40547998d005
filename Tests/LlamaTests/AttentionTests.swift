import CLlamaReference
import Testing

/// ggml's attention with this project's patch, beside the sums in double precision.
@Suite("Attention of small batches")
struct AttentionTests {
    struct Shape: Sendable, CustomTestStringConvertible {
        let testDescription: String
        private let change: @Sendable (inout reference_attention_case) -> Void

        init(_ name: String, _ change: @escaping @Sendable (inout reference_attention_case) -> Void = { _ in }) {
            testDescription = name
            self.change = change
        }

        /// Nine heads that share three, as the default model has them, unless changed.
        func attention(rows: Int32, keys: Int32) -> reference_attention_case {
            var shape = reference_attention_case()
            (shape.heads, shape.kv_heads, shape.head_size) = (9, 3, 64)
            (shape.rows, shape.keys, shape.threads) = (rows, keys, 2)
            shape.visibility = REFERENCE_CAUSAL
            shape.half_precision = true
            shape.seed = UInt32(rows * 1_000 + keys)
            change(&shape)
            return shape
        }
    }

    static let shapes = [
        Shape("causal"),
        Shape("in single precision") { $0.half_precision = false },
        Shape("everything seen") { $0.visibility = REFERENCE_EVERYTHING },
        Shape("a sliding window") { $0.visibility = REFERENCE_WINDOW },
        Shape("a sequence each row") { $0.visibility = REFERENCE_SEQUENCES },
        Shape("sinks") { $0.has_sinks = true },
        Shape("slopes") { $0.max_bias = 8 },
        Shape("a cap on products") { $0.softcap = 5 },
        Shape("a head size that is no multiple of a vector's") { $0.head_size = 40 },
        Shape("wide heads") { ($0.heads, $0.kv_heads, $0.head_size) = (4, 2, 128) },
        Shape("fewer heads than threads") { ($0.heads, $0.kv_heads) = (1, 1) },
        Shape("one thread") { $0.threads = 1 },
    ]

    @Test("Batches of any size come out as in double precision", arguments: shapes)
    func error(shape: Shape) {
        for rows: Int32 in [1, 5, 6, 7, 21, 33, 64, 65, 100] {
            for keys: Int32 in [130, 192, 320] {
                var attention = shape.attention(rows: rows, keys: keys)
                let error = reference_attention_error(&attention)
                #expect(error >= 0, "\(rows) rows, \(keys) keys: not computed")
                // Tiles are of single precision; row by row, ggml adds up values in half precision.
                let isTiled = rows >= (attention.visibility == REFERENCE_SEQUENCES ? 64 : 6)
                #expect(error < (isTiled ? 1e-4 : 0.01), "\(rows) rows, \(keys) keys")
            }
        }
    }
}
