import Glibc
import OCMEventLoop

extension ChildProcess {
    /// When the process was started, by what /proc says (proc(5)); nil where that can't be read.
    var started: Timestamp? {
        guard let text = try? FileContents.read("/proc/\(pid)/stat", limit: 4096),
            let ticks = Self.startTicks(String(decoding: text, as: UTF8.self))
        else { return nil }
        var sinceBoot = timespec()
        unsafe clock_gettime(CLOCK_BOOTTIME, &sinceBoot)
        let perSecond = Int64(sysconf(Int32(_SC_CLK_TCK)))
        guard perSecond > 0 else { return nil }
        let now = Duration.seconds(sinceBoot.tv_sec) + .nanoseconds(sinceBoot.tv_nsec)
        let start = Duration.nanoseconds(ticks.multipliedReportingOverflow(by: 1_000_000_000 / perSecond).partialValue)
        return .now - (now - start)
    }

    /// Field 22 of /proc/PID/stat: clock ticks from the system's start to the process's. The second field, a name in
    /// parentheses, may hold anything.
    nonisolated static func startTicks(_ stat: String) -> Int64? {
        guard let name = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[name...].split(separator: " ")
        return fields.count > 20 ? Int64(fields[20]) : nil
    }
}
