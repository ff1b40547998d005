internal import CLlama
import Foundation
internal import Glibc

/// How long the cores that this process may use were busy, and how long they worked for this process, up to a moment.
package struct CoreTimes: Sendable, Equatable {
    /// The moment, in seconds of a clock that never goes back.
    package var moment: Double
    /// Seconds that these cores were busy, all together.
    package var busy: Double
    /// Seconds that they worked for this process, all its threads together.
    package var own: Double

    package init(moment: Double, busy: Double, own: Double) {
        self.moment = moment
        self.busy = busy
        self.own = own
    }

    /// Those of now, or nil where the system does not tell.
    ///
    /// Time that a hypervisor takes away is not counted: fewer threads would not bring it back.
    package static func now() -> CoreTimes? {
        guard let statistics = try? String(contentsOfFile: "/proc/stat", encoding: .utf8),
            let ticks = busyTicks(statistics, cores: usableCores)
        else { return nil }
        return CoreTimes(
            moment: seconds(CLOCK_MONOTONIC),
            busy: Double(ticks) / Double(max(1, sysconf(Int32(_SC_CLK_TCK)))),
            own: seconds(CLOCK_PROCESS_CPUTIME_ID)
        )
    }

    /// The moment of now, in the same clock.
    package static var moment: Double { seconds(CLOCK_MONOTONIC) }

    /// The numbers of the cores that this process may use.
    package static let usableCores = Set((0..<1024).filter { cl_may_use_core(Int32($0)) })

    /// Ticks that these cores were busy, from the text of /proc/stat (proc(5)): user, nice, system, irq and softirq time of
    /// each line `cpuN`.
    static func busyTicks(_ statistics: String, cores: Set<Int>) -> Int? {
        var sum: Int?
        for line in statistics.split(separator: "\n") where line.hasPrefix("cpu") {
            let fields = line.split(separator: " ")
            guard let core = Int(fields[0].dropFirst(3)), cores.contains(core), fields.count > 7 else { continue }
            let busy = [1, 2, 3, 6, 7].compactMap { Int(fields[$0]) }
            sum = (sum ?? 0) + busy.reduce(0, +)
        }
        return sum
    }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
