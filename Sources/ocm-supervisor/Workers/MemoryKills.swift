import Glibc
import OCMEventLoop

/// What the kernel has killed for want of memory in the control group of this process, which is its workers' too
/// (memory.events of cgroups, version 2).
struct MemoryKills {
    private let path: String
    private var known: Int
    /// When those were seen that no death accounts for yet.
    private var seen: [Instant] = []

    /// What happened longer ago has killed another process, or this one's own children.
    private static let span = Duration.seconds(5)
    private static let keptAtMost = 1000

    /// Nil where the kernel does not tell.
    init?(table: String = "/proc/self/cgroup", root: String = "/sys/fs/cgroup") {
        guard let table = try? FileContents.read(table, limit: 1 << 16),
            let group = Self.group(String(decoding: table, as: UTF8.self))
        else { return nil }
        path = root + (group == "/" ? "" : group) + "/memory.events"
        guard let count = Self.count(path) else { return nil }
        known = count
    }

    /// Notes what there is. To be called every few seconds: of what is found, the kernel does not tell when it was.
    mutating func look(at now: Instant) {
        guard let count = Self.count(path) else { return }
        seen = seen.filter { now - $0 <= Self.span }
        seen += Array(repeating: now, count: min(max(0, count - known), Self.keptAtMost))
        known = count
    }

    /// Whether a death at this moment may be one of them, which then accounts for no other.
    mutating func explains(deathAt now: Instant) -> Bool {
        look(at: now)
        guard !seen.isEmpty else { return false }
        seen.removeFirst()
        return true
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
