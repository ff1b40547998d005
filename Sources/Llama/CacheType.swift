internal import CLlama

/// What the keys or the values of a KV cache are stored as; the names are ggml's.
package enum CacheType: String, Sendable, Codable, CaseIterable {
    case f16, bf16, f32
    case q8_0, q5_1, q5_0, q4_1, q4_0

    /// Bytes for each number, block scales included.
    package var bytesPerValue: Double {
        switch self {
        case .f32: 4
        case .f16, .bf16: 2
        case .q8_0: 34.0 / 32
        case .q5_1: 24.0 / 32
        case .q5_0: 22.0 / 32
        case .q4_1: 20.0 / 32
        case .q4_0: 18.0 / 32
        }
    }

    var native: cl_cache_type {
        switch self {
        case .f16: .CL_CACHE_F16
        case .bf16: .CL_CACHE_BF16
        case .f32: .CL_CACHE_F32
        case .q8_0: .CL_CACHE_Q8_0
        case .q5_1: .CL_CACHE_Q5_1
        case .q5_0: .CL_CACHE_Q5_0
        case .q4_1: .CL_CACHE_Q4_1
        case .q4_0: .CL_CACHE_Q4_0
        }
    }
}

/// Whether attention is computed block by block, without the whole matrix of scores.
package enum FlashAttention: String, Sendable, Codable, CaseIterable {
    /// As llama.cpp decides.
    case automatic = "auto"
    case on, off

    var native: cl_flash_attention {
        switch self {
        case .automatic: .CL_FLASH_AUTO
        case .on: .CL_FLASH_ON
        case .off: .CL_FLASH_OFF
        }
    }
}
