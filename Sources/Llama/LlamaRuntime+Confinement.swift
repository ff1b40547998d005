internal import CLlama

extension LlamaRuntime {
    /// Bounds what this process may take from now on, for work that a stranger's input may make endless.
    ///
    /// - Parameters:
    ///   - cpuSeconds: After so much time of its cores the system ends it.
    ///   - bytes: Of memory, beyond what it has; counted on Linux alone.
    /// - Throws: `LlamaError` where the system refuses a bound.
    package static func confine(cpuSeconds: Int, bytes: Int) throws(LlamaError) {
        try LlamaError.check(cl_confine_process(UInt32(clamping: cpuSeconds), bytes), "bound the process")
    }
}
