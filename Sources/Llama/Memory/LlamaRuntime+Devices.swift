internal import CLlama

extension LlamaRuntime {
    /// A GPU, and how much of its memory is free now.
    package struct GPU: Sendable {
        package let name: String
        package let freeBytes: UInt64
        package let totalBytes: UInt64
    }

    /// The GPUs that ggml knows in this build; none in a build for the CPU.
    package static var gpus: [GPU] {
        (0..<cl_gpu_count()).map { index in
            var free: UInt64 = 0
            var total: UInt64 = 0
            unsafe cl_gpu_memory(index, &free, &total)
            return unsafe GPU(name: String(cString: cl_gpu_name(index)), freeBytes: free, totalBytes: total)
        }
    }
}

extension MemoryBudget {
    /// What is left free on a GPU for its driver and for others.
    private static let margin: UInt64 = 512 << 20

    /// A budget for the host, with all that is free on the GPUs but for a margin.
    package static func measured(host: UInt64) -> Self {
        Self(
            host: host,
            gpus: LlamaRuntime.gpus.map { gpu in
                GPU(name: gpu.name, budget: gpu.freeBytes > margin ? gpu.freeBytes - margin : 0)
            }
        )
    }
}
