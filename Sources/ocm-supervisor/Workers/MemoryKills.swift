import Glibc
import OCMEventLoop

/// What the kernel has killed for want of memory in the control group of this process, which is its workers' too
/// (memory.events of cgroups, version 2).
struct MemoryKills {
    private let path: String
    private var known: Int

    /// Nil where the kernel does not tell.
    init?(table: String = "/proc/self/cgroup", root: String = "/sys/fs/cgroup") {
        guard let table = try? FileContents.read(table, limit: 1 << 16),
            let group = Self.group(String(decoding: table, as: UTF8.self))
        else { return nil }
        path = root + (group == "/" ? "" : group) + "/memory.events"
        guard let count = Self.count(path) else { return nil }
        known = count
    }

    /// Whether there has been one since it was asked last.
    mutating func isNews() -> Bool {
        guard let count = Self.count(path) else { return false }
        defer { known = count }
        return count > known
    }

    /// The line `0::/path`.
    static func group(_ table: String) -> String? {
        table.split(separator: "\n").first { $0.hasPrefix("0::/") }.map { String($0.dropFirst(3)) }
    }

    private static func count(_ path: String) -> Int? {
        guard let text = try? FileContents.read(path, limit: 4096) else { return nil }
        return kills(String(decoding: text, as: UTF8.self))
    }

    static func kills(_ events: String) -> Int? {
        let line = events.split(separator: "\n").first { $0.hasPrefix("oom_kill ") }
        return line.flatMap { Int($0.dropFirst("oom_kill ".count)) }
    }
}
