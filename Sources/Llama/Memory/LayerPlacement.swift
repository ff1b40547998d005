/// How many of a model's layers to place on a GPU.
package enum LayerPlacement: Sendable, Equatable {
    /// As many as fit beside their part of the KV cache and the buffers.
    case automatic
    case layers(Int)

    /// The largest number of layers, 0...`layers`, for which `fits` holds; each further layer takes more memory.
    ///
    /// `fits` is asked about the logarithm of `layers` times.
    ///
    /// - Throws: What `fits` throws.
    package static func most<Failure: Error>(
        of layers: Int,
        fits: (Int) throws(Failure) -> Bool
    ) throws(Failure) -> Int {
        if layers > 0, try fits(layers) { return layers }
        var known = 0
        var refused = layers
        while refused - known > 1 {
            let middle = (known + refused) / 2
            if try fits(middle) { known = middle } else { refused = middle }
        }
        return known
    }
}
