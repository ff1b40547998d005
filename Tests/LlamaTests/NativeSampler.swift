import CLlama
import CLlamaReference
import Llama
import TestSupport
import Testing

/// Logits of the default model, computed once for all tests, and its vocabulary.
enum RealLogits {
    private static let text = """
        The market opens at seven in the morning, when the farmers from the valley put up their tables along the river. \
        There is bread, honey and cheese, and in the autumn more apples than anybody can carry home. My favourite animal is
        """

    // Only read, and never freed.
    nonisolated(unsafe) static let vocabulary: OpaquePointer = {
        var model: OpaquePointer?
        var options = cl_model_options()
        options.vocabulary_only = true
        guard cl_model_load(InstalledModels.chat, options, &model) == .CL_OK, let model else {
            fatalError("the default model does not load; `make models` fetches it")
        }
        return model
    }()

    static let information: cl_vocabulary_info = {
        var information = cl_vocabulary_info()
        guard cl_vocabulary_get_info(vocabulary, &information) == .CL_OK else { fatalError("no vocabulary") }
        return information
    }()

    static let size = Int(information.size)

    /// At the last tokens of a text, after each of which many others may come.
    static let rows: [[Float]] = {
        // With BLAS in the registry, logits are others.
        LlamaRuntime.start()
        let count = 8
        var logits = [Float](repeating: 0, count: count * size)
        let computed = reference_logits(InstalledModels.chat, text, 2, Int32(count), size, &logits)
        guard computed == count else { fatalError("the reference computed no logits: \(computed)") }
        return (0..<count).map { Array(logits[$0 * size..<($0 + 1) * size]) }
    }()
}

typealias OptionsChange = @Sendable (inout cl_sampler_options) -> Void

/// The options of a sampler; plain temperature 1 unless changed.
func samplerOptions(seed: UInt32 = 1, _ change: (inout cl_sampler_options) -> Void = { _ in }) -> cl_sampler_options {
    var options = cl_sampler_options()
    options.temperature = 1
    options.top_p = 1
    options.seed = seed
    options.penalty_window = 1024
    change(&options)
    return options
}

/// A sampler of the C target.
final class NativeSampler {
    let handle: OpaquePointer

    init(_ options: cl_sampler_options, biases: [cl_logit_bias] = []) throws {
        var handle: OpaquePointer?
        let status = biases.withUnsafeBufferPointer { biases in
            var options = options
            options.biases = biases.baseAddress
            options.bias_count = biases.count
            return cl_sampler_create(RealLogits.vocabulary, options, &handle)
        }
        try #require(status == .CL_OK, "\(String(cString: cl_last_error()))")
        self.handle = try #require(handle)
    }

    deinit { cl_sampler_free(handle) }

    func choose(_ row: inout [Float]) throws -> cl_sample {
        let count = row.count
        return try row.withUnsafeMutableBufferPointer { row in
            var sample = cl_sample()
            let status = cl_sampler_choose_all([handle], [row.baseAddress], count, 1, 1, &sample)
            try #require(status == .CL_OK, "\(String(cString: cl_last_error()))")
            return sample
        }
    }

    func choose(_ row: [Float]) throws -> cl_sample {
        var copy = row
        return try choose(&copy)
    }

    /// What it tells of its last choice: the token's own probability, and those of the likeliest.
    func told() -> (chosen: Float, top: [cl_token_logprob]) {
        var chosen: Float = 0
        var top: UnsafePointer<cl_token_logprob>?
        let count = cl_sampler_probabilities(handle, &chosen, &top)
        return (chosen, Array(UnsafeBufferPointer(start: top, count: count)))
    }

    /// Makes it choose a token, so that it remembers it.
    func remember(_ token: Int32) throws {
        var row = [Float](repeating: -.infinity, count: Int(token) + 1)
        row[Int(token)] = 0
        #expect(try choose(&row).token == token)
    }

    /// One token for each sampler, all in one call.
    static func chooseAll(_ samplers: [NativeSampler], _ rows: [[Float]], threads: Int) throws -> [Int32] {
        let length = rows[0].count
        var flat = Array(rows.joined())
        var samples = [cl_sample](repeating: cl_sample(), count: samplers.count)
        let status = flat.withUnsafeMutableBufferPointer { flat in
            let places = rows.indices.map { place in flat.baseAddress.map { $0 + place * length } }
            return withExtendedLifetime(samplers) {
                let handles = samplers.map { Optional($0.handle) }
                return cl_sampler_choose_all(handles, places, length, rows.count, UInt32(threads), &samples)
            }
        }
        try #require(status == .CL_OK, "\(String(cString: cl_last_error()))")
        return samples.map(\.token)
    }
}

/// llama.cpp's own chain of samplers.
final class ReferenceChain {
    private let handle: OpaquePointer

    init(_ options: cl_sampler_options, biases: [cl_logit_bias] = [], vocabularySize: Int = RealLogits.size) throws {
        let handle = biases.withUnsafeBufferPointer { biases in
            var options = options
            options.biases = biases.baseAddress
            options.bias_count = biases.count
            return reference_chain_create(&options, vocabularySize)
        }
        self.handle = try #require(handle)
    }

    deinit { reference_chain_free(handle) }

    func remember(_ token: Int32) { reference_chain_accept(handle, token) }

    func choose(_ row: [Float]) -> Int32 { reference_chain_choose(handle, row, nil) }

    /// The probability of each token.
    func probabilities(_ row: [Float]) -> [Float] {
        var probabilities = [Float](repeating: 0, count: row.count)
        _ = reference_chain_choose(handle, row, &probabilities)
        return probabilities
    }
}
