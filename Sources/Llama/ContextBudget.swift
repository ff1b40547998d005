internal import Foundation

/// How long a context the memory allows.
package enum ContextBudget {
    /// The share of the memory that is free, after the weights are loaded, which the KV cache may take.
    package static let share = 0.5

    /// The longest context for each of so many sequences, a multiple of 256, at most what the model was trained with.
    ///
    /// - Parameters:
    ///   - trainingContext: In tokens.
    ///   - cacheBytesPerToken: What a token takes in the KV cache; 0 where there is none.
    ///   - sequences: How many share the memory.
    ///   - availableMemory: In bytes.
    /// - Returns: Nil where not even 256 tokens fit.
    package static func contextLength(
        trainingContext: Int,
        cacheBytesPerToken: UInt64,
        sequences: Int,
        availableMemory: UInt64
    ) -> Int? {
        guard cacheBytesPerToken > 0 else { return trainingContext }
        let tokens = Double(availableMemory) * share / (Double(cacheBytesPerToken) * Double(sequences))
        let length = min(trainingContext, Int(min(tokens, 1e9)) / 256 * 256)
        return length >= min(256, trainingContext) && length > 0 ? length : nil
    }

    /// Memory that can be taken without swapping, in bytes: the machine's, or what the process's control group leaves.
    package static func availableMemory() -> UInt64 {
        let machine =
            field("MemAvailable:", in: "/proc/meminfo").map { $0 * 1024 } ?? ProcessInfo.processInfo.physicalMemory
        guard let limit = number(in: "/sys/fs/cgroup/memory.max"),
            let used = number(in: "/sys/fs/cgroup/memory.current")
        else { return machine }
        return min(machine, limit > used ? limit - used : 0)
    }

    private static func number(in path: String) -> UInt64? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        return UInt64(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    private static func field(_ name: String, in path: String) -> UInt64? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
        return line?.split(separator: " ").dropFirst().first.flatMap { UInt64($0) }
    }
}
