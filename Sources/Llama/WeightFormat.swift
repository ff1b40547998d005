internal import CLlama

/// What most of a model's weights are stored as, by llama.cpp's name.
package enum WeightFormat: String, Sendable, Codable, CaseIterable {
    case f32 = "F32"
    case f16 = "F16"
    case bf16 = "BF16"
    case q8_0 = "Q8_0"
    case q6_k = "Q6_K"
    case q5_k_m = "Q5_K_M"
    case q5_1 = "Q5_1"
    case q5_0 = "Q5_0"
    case q4_k_m = "Q4_K_M"
    case q4_1 = "Q4_1"
    case q4_0 = "Q4_0"

    /// The most bits that a file takes for each weight: formats of few bits store some tensors in larger ones.
    package var bitsPerWeight: Double {
        switch self {
        case .f32: 32
        case .f16, .bf16: 16
        case .q8_0: 8.5
        case .q6_k, .q5_k_m, .q5_1, .q5_0: 6.6
        case .q4_k_m, .q4_1, .q4_0: 6
        }
    }

    var native: cl_weight_format {
        switch self {
        case .f32: .CL_FORMAT_F32
        case .f16: .CL_FORMAT_F16
        case .bf16: .CL_FORMAT_BF16
        case .q8_0: .CL_FORMAT_Q8_0
        case .q6_k: .CL_FORMAT_Q6_K
        case .q5_k_m: .CL_FORMAT_Q5_K_M
        case .q5_1: .CL_FORMAT_Q5_1
        case .q5_0: .CL_FORMAT_Q5_0
        case .q4_k_m: .CL_FORMAT_Q4_K_M
        case .q4_1: .CL_FORMAT_Q4_1
        case .q4_0: .CL_FORMAT_Q4_0
        }
    }
}

extension LlamaModel {
    /// What most of the weights are stored as, or nil where it is none of these formats.
    package var format: WeightFormat? {
        let native = unsafe cl_model_format(handle)
        return WeightFormat.allCases.first { $0.native == native }
    }

    /// Converts a GGUF file to another format, from an already quantized one too.
    ///
    /// Blocks. The file appears under its name once it is whole and on disk.
    ///
    /// - Parameters:
    ///   - source: A GGUF file.
    ///   - target: Where to write; a file of that name with `.part` appended is overwritten.
    ///   - format: The new format.
    ///   - threads: How many convert.
    /// - Throws: `LlamaError` for a damaged file, or a disk that is full.
    package static func convert(
        _ source: String,
        to target: String,
        format: WeightFormat,
        threads: Int
    ) throws(LlamaError) {
        let status = unsafe cl_quantize(source, target, format.native, UInt32(threads))
        try LlamaError.check(status, "convert \(source) to \(format.rawValue)")
    }

    /// Checks that a GGUF file holds all the bytes that its header speaks of.
    ///
    /// - Throws: `LlamaError` that says what is missing.
    package static func checkWhole(_ path: String) throws(LlamaError) {
        unsafe try LlamaError.check(cl_gguf_check_whole(path), "use \(path)")
    }
}
