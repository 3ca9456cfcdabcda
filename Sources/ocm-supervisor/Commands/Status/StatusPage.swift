/// A status for someone who reads it in a hurry.
struct StatusPage {
    let report: StatusReport
    let time: LocalTime

    init(_ report: StatusReport, now: Timestamp) {
        self.report = report
        time = LocalTime(now: now)
    }

    /// Ends with a line end. What comes from files, such as names and paths, can't move the terminal's cursor.
    var text: String {
        var lines = [headline, "Configuration: \(report.configuration)"] + ending + reload + upgrade
        for service in report.services { lines += [""] + section(service) }
        lines += [""] + workers
        return lines.map { Printable.line($0) + "\n" }.joined()
    }

    private var headline: String {
        let state =
            switch report.state {
            case .starting: "is starting"
            case .serving: "is serving"
            case .draining: "is draining, and ends when all is finished"
            case .stopping: "is stopping, and finishes what is open"
            }
        return "OCM \(report.version) \(state): process \(report.pid), started \(moment(report.started))"
    }

    /// What is still to be finished before it ends.
    var ending: [String] {
        guard report.state == .draining || report.state == .stopping else { return [] }
        let open = report.open
        let limit = report.deadline.map { "; what is left is cut \(moment($0))" } ?? ""
        return [
            "Open: \(Self.count(open.exchanges, "request")) on \(Self.count(open.connections, "connection"))\(limit)"
        ]
    }

    private var reload: [String] {
        guard let reload = report.reload else { return [] }
        switch reload.outcome {
        case .applied: return ["Reloaded: \(moment(reload.time))"]
        case .unchanged: return ["Reloaded: \(moment(reload.time)), nothing had changed"]
        case .refused:
            return ["Reload refused \(moment(reload.time)), what ran before goes on:"] + reload.errors.map { "  \($0)" }
        case .stuck:
            return ["Reload failed \(moment(reload.time)), and can't be taken back:"] + reload.errors.map { "  \($0)" }
        case .takenBack:
            return ["Reload taken back \(moment(reload.time)), what ran before is in force again:"]
                + reload.errors.map { "  \($0)" }
        }
    }

    private var upgrade: [String] {
        guard let upgrade = report.upgrade else { return [] }
        switch upgrade.state {
        case .trial: return ["Upgrade: a new program is tried out"]
        case .executing: return ["Upgrade: from \(upgrade.from) to \(upgrade.to ?? "another version")"]
        case .done: return ["Upgraded: \(moment(upgrade.time)), from \(upgrade.from)"]
        case .failed:
            return ["Upgrade failed \(moment(upgrade.time)), what ran before goes on:"]
                + upgrade.reasons.map { "  \($0)" }
        }
    }

    private func section(_ service: StatusReport.Service) -> [String] {
        let addresses = service.listeners.map(\.text)
        var lines = ["Service \(service.tag)"]
        lines.append(row("listens on", addresses.isEmpty ? "nothing any more" : addresses.joined(separator: ", ")))
        lines.append(row("users", service.users == 0 ? "none configured: everyone may use it" : "\(service.users)"))
        lines += LoginLines(credential: service.credential, time: time).rows.map { row($0.name, $0.text) }
        return lines + usage(service.usage)
    }

    private func usage(_ usage: StatusReport.Usage?) -> [String] {
        guard let usage else { return [row("usage", "not counted: no usages_path is configured")] }
        var lines = [row("usage", "counted in \(usage.path)")]
        if let trouble = usage.trouble { lines.append(row("", "not written at the moment: \(trouble)")) }
        // One commit takes as much as an eighth: only a disk that falls behind leaves more.
        if usage.trouble != nil || usage.waiting_bytes > usage.waiting_bytes_at_most / 8 {
            lines.append(
                row(
                    "",
                    "\(bytes(usage.waiting_bytes)) of at most \(bytes(usage.waiting_bytes_at_most)) wait "
                        + "in memory for the disk; what follows stays in the workers"))
        }
        return lines
    }

    private func bytes(_ count: Int) -> String {
        "\(ReadableNumber.short(UInt64(max(0, count)))) bytes"
    }

    private var workers: [String] {
        let serving = report.workers.count { $0.state == .serving }
        let draining = report.workers.count { $0.state == .draining }
        var lines = ["Workers: \(serving) of \(report.workers_configured) serving"]
        if draining > 0 { lines[0] += ", \(draining) finishing what is open" }
        if let crashes { lines.append(crashes) }
        for worker in report.workers {
            lines.append(
                row("\(worker.pid)", "\(worker.state.rawValue), started \(moment(worker.since))\(Self.load(worker))"))
        }
        return lines
    }

    private var crashes: String? {
        guard let crashes = report.crashes else { return nil }
        let last = "the last one \(moment(crashes.time)): \(crashes.reason)"
        return row("died", crashes.last_minute == 0 ? last : "\(crashes.last_minute) in the last minute, \(last)")
    }

    private static func load(_ worker: StatusReport.Worker) -> String {
        guard worker.state == .draining, let open = worker.exchanges else { return "" }
        return ", \(count(open, "request")) open"
    }

    private static func count(_ number: Int, _ name: String) -> String {
        "\(number) \(name)\(number == 1 ? "" : "s")"
    }

    private func moment(_ text: String) -> String {
        Timestamp(rfc3339: text).map { "\(time.relative($0)) (\(time.clock($0)))" } ?? text
    }

    private func row(_ name: String, _ text: String) -> String {
        "  \(name)\(String(repeating: " ", count: max(1, 14 - name.count)))\(text)"
    }
}

extension StatusReport.Listener {
    /// `127.0.0.1:8080`, `[::1]:8080`, or a Unix socket's path.
    fileprivate var text: String {
        guard let port else { return address }
        return address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
}
