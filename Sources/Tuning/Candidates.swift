package import Llama

/// Which formats are worth trying from a file, and which of them fit.
package enum Candidates {
    /// The formats that make sense, the likeliest to win first.
    ///
    /// Larger ones lose nothing and may have faster kernels; smaller ones have less to read, and make sense where the
    /// file has bits to lose.
    ///
    /// - Parameters:
    ///   - source: The file's own format, or nil for one that is not in the list.
    ///   - bitsPerWeight: Of the file.
    /// - Returns: The formats, without the file's own.
    package static func formats(from source: WeightFormat?, bitsPerWeight: Double) -> [WeightFormat] {
        let smaller: [WeightFormat] = bitsPerWeight > 7 ? [.q6_k, .q4_k_m, .q4_0] : [.q4_0]
        return ([.q8_0, .bf16, .f16] + smaller).filter { $0 != source }
    }

    /// What a candidate may take, in bytes.
    package struct Room: Sendable, Equatable {
        /// For its weights, its KV cache while it is measured, and the same of the original beside it.
        package var memory: UInt64
        /// In the file system of the model's folder.
        package var disk: UInt64

        package init(memory: UInt64, disk: UInt64) {
            self.memory = memory
            self.disk = disk
        }
    }

    /// Why a format cannot be tried, or nil where it can.
    package static func refusal(
        of format: WeightFormat,
        model: LlamaModel.Information,
        room: Room
    ) -> String? {
        let bytes = self.bytes(format, parameters: model.parameters)
        // One converted file at a time, and the best so far.
        if 2 * bytes > room.disk {
            return "not tried: two files of \(bytes >> 20) MiB do not fit into \(room.disk >> 20) MiB of disk"
        }
        let needed = bytes + model.size + 2 * cacheBytes(model)
        if needed > room.memory {
            return "not tried: it needs \(needed >> 20) MiB of memory beside the original, of \(room.memory >> 20) MiB"
        }
        return nil
    }

    /// What a file of that format takes, at most.
    package static func bytes(_ format: WeightFormat, parameters: UInt64) -> UInt64 {
        // The vocabulary and the other metadata come on top.
        UInt64(Double(parameters) * format.bitsPerWeight / 8) + (16 << 20)
    }

    /// The KV cache of one `SpeedProbe`.
    static func cacheBytes(_ model: LlamaModel.Information) -> UInt64 {
        model.cacheBytesPerToken * UInt64(SpeedProbe.sequences * SpeedProbe.promptLength)
    }
}
