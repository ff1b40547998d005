internal import Foundation
internal import Llama

/// What a tuning's figures hold for: the machine and the libraries that they were measured with.
package struct MachineIdentity: Sendable, Codable, Equatable {
    package let processor: String
    /// A digest of the processor's features, as the kernel lists them.
    package let features: String
    package let processors: Int
    package let ggml: String
    package let llama: String
    /// The features that ggml was built for.
    package let build: String

    /// Of this machine.
    ///
    /// The llama.cpp runtime has been started.
    package static func current() -> Self {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        func field(_ names: String...) -> String? {
            for line in text.split(separator: "\n") {
                let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
                if parts.count == 2, names.contains(parts[0]) { return parts[1] }
            }
            return nil
        }
        var digest = Digest()
        digest.add(Array((field("flags", "Features") ?? "").utf8))
        return Self(
            processor: field("model name", "CPU part", "cpu") ?? "unknown",
            features: digest.text,
            processors: ProcessInfo.processInfo.activeProcessorCount,
            ggml: LlamaRuntime.ggmlVersion,
            llama: LlamaRuntime.llamaVersion,
            build: LlamaRuntime.systemInfo
        )
    }
}

/// A file as it was when it was measured: its size, and a digest of samples from all over it.
///
/// Enough to notice a file that was exchanged, converted anew or cut short, in milliseconds whatever its size.
package struct FileIdentity: Sendable, Codable, Equatable {
    package let size: UInt64
    package let samples: String

    /// Reads the samples.
    ///
    /// - Returns: Nil where the file cannot be read.
    package static func of(_ path: String) -> Self? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        let sampleCount: UInt64 = 64
        guard let size = try? file.seekToEnd() else { return nil }
        var digest = Digest()
        for sample in 0..<sampleCount {
            let offset = size > 4096 ? (size - 4096) * sample / (sampleCount - 1) : 0
            guard (try? file.seek(toOffset: offset)) != nil, let data = try? file.read(upToCount: 4096) else {
                return nil
            }
            digest.add([UInt8](data))
        }
        return Self(size: size, samples: digest.text)
    }
}

/// A 64-bit FNV-1a digest: it notices change, not malice.
///
/// Whoever can write the files beside a model can exchange the model itself.
private struct Digest {
    private var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ bytes: [UInt8]) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }

    var text: String { String(value, radix: 16) }
}
