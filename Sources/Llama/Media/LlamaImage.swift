internal import CLlama

/// The pixels of an image.
@safe package final class LlamaImage: Sendable {
    // Safe to share: it is never changed.
    nonisolated(unsafe) let handle: OpaquePointer

    /// Decodes a PNG, JPEG, GIF (its first picture) or BMP file; takes as long as there are pixels.
    ///
    /// - Parameters:
    ///   - file: Its bytes.
    ///   - width: What its header says, found to be within bounds.
    ///   - height: The same.
    /// - Throws: `LlamaError` where it is damaged.
    package init(_ file: [UInt8], width: Int, height: Int) throws(LlamaError) {
        var handle: OpaquePointer?
        let status = unsafe cl_image_decode(file, file.count, UInt32(width), UInt32(height), &handle)
        try LlamaError.check(status, "decode an image")
        guard let handle = unsafe handle else { fatalError("a decoding that succeeds gives an image") }
        unsafe self.handle = handle
    }

    deinit { unsafe cl_image_free(handle) }
}
