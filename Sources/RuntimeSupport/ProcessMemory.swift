internal import Foundation

/// What this process takes of the machine's memory.
package enum ProcessMemory {
    /// Resident bytes, or nil where the system does not tell.
    package static var residentBytes: UInt64? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ UInt64($0) })
        else { return nil }
        return pages * UInt64(sysconf(Int32(_SC_PAGESIZE)))
    }
}
