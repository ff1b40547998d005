internal import CLlama

/// Samples of one channel.
@safe package final class LlamaSound: Sendable {
    // Safe to share: it is never changed.
    nonisolated(unsafe) let handle: OpaquePointer

    /// Copies samples.
    ///
    /// - Parameter samples: At the rate of the projector that is to hear them, from −1 to 1; beyond that they are cut.
    /// - Throws: `LlamaError` where there are none.
    package init(_ samples: [Float]) throws(LlamaError) {
        var handle: OpaquePointer?
        let status = unsafe cl_sound_create(samples, samples.count, &handle)
        try LlamaError.check(status, "take sound")
        guard let handle = unsafe handle else { fatalError("a copy that succeeds gives a sound") }
        unsafe self.handle = handle
    }

    deinit { unsafe cl_sound_free(handle) }
}
