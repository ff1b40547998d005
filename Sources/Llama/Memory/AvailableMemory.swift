internal import Foundation

/// What of the machine's memory this process can take.
package enum AvailableMemory {
    /// Memory that can be taken without swapping, in bytes: the machine's, or what the process's control groups leave.
    package static func bytes() -> UInt64 {
        var available =
            field("MemAvailable:", in: "/proc/meminfo").map { $0 * 1024 } ?? ProcessInfo.processInfo.physicalMemory
        for group in controlGroups() {
            guard let limit = number(in: "\(group)/memory.max"), let used = number(in: "\(group)/memory.current") else {
                continue
            }
            // Cached files count as used, and make room when asked.
            let files =
                (field("inactive_file", in: "\(group)/memory.stat") ?? 0)
                + (field("active_file", in: "\(group)/memory.stat") ?? 0)
            let taken = used > files ? used - files : 0
            available = min(available, limit > taken ? limit - taken : 0)
        }
        return available
    }

    /// The folders of the process's control group and of those around it, innermost first (control groups, version 2).
    private static func controlGroups() -> [String] {
        let root = "/sys/fs/cgroup"
        let text = (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? ""
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("0::") }) else { return [root] }
        var parts = line.dropFirst(3).split(separator: "/")
        var folders: [String] = []
        while !parts.isEmpty {
            folders.append("\(root)/\(parts.joined(separator: "/"))")
            parts.removeLast()
        }
        return folders + [root]
    }

    private static func number(in path: String) -> UInt64? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        return UInt64(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    private static func field(_ name: String, in path: String) -> UInt64? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        let words = text.split(separator: "\n").map { $0.split(separator: " ") }
        return words.first { $0.first.map(String.init) == name }?.dropFirst().first.flatMap { UInt64($0) }
    }
}
