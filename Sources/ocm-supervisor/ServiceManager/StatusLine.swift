/// What `systemctl status` shows: what runs, what its owner has to look after, and for how long all is well.
struct StatusLine {
    let report: StatusReport
    private let time: LocalTime

    init(_ report: StatusReport, now: Timestamp) {
        self.report = report
        time = LocalTime(now: now)
    }

    /// More logins than this are not told one by one as long as they are good.
    private static let loginsAtMost = 3

    var text: String {
        let services = report.services.count
        let serving = report.workers.count { $0.state == .serving }
        let draining = report.workers.count { $0.state == .draining }
        let all = report.workers_configured
        let workers = serving == all ? Self.count(all, "worker") : "\(serving) of \(Self.count(all, "worker"))"
        switch report.state {
        case .starting: return "starting \(Self.count(services, "service"))"
        case .stopping, .draining:
            let end = report.deadline.flatMap { Timestamp(rfc3339: $0) }.map { " until \(time.clock($0))" } ?? ""
            let finishing = "finishing what is open on \(Self.count(report.workers.count, "worker"))\(end)"
            return ([finishing] + open).joined(separator: "; ")
        case .serving:
            let old = draining > 0 ? [Self.count(draining, "old worker") + " finishing"] : []
            return (["serving \(Self.count(services, "service")) on \(workers)"] + old + logins + open)
                .joined(separator: "; ")
        }
    }

    private var open: [String] {
        let known = report.workers.compactMap(\.exchanges)
        return known.isEmpty ? [] : ["\(Self.count(known.reduce(0, +), "request")) open"]
    }

    /// Those that are not good first.
    private var logins: [String] {
        let good = report.services.filter { $0.credential.isGood }
        let bad = report.services.filter { !$0.credential.isGood }.map { trouble(of: $0) }
        if good.count > Self.loginsAtMost { return bad + ["logins of \(good.count) services good"] }
        return bad + good.map { "login of \($0.tag) good\(end(of: $0.credential))" }
    }

    private func trouble(of service: StatusReport.Service) -> String {
        let credential = service.credential
        let fault =
            switch credential.state {
            case .absent: "missing"
            case .dead: "ended, sign in again"
            case .failing: "can't be refreshed at the moment"
            case .refreshing: "being refreshed"
            case .valid: credential.usable ? "not saved, tokens are in memory only" : "not usable"
            }
        return "login of \(service.tag) \(fault)"
    }

    private func end(of credential: StatusReport.Credential) -> String {
        guard let expiry = credential.expires.flatMap({ Timestamp(rfc3339: $0) }) else { return "" }
        return " until \(time.clock(expiry))"
    }

    private static func count(_ number: Int, _ word: String) -> String {
        "\(number) \(word)\(number == 1 ? "" : "s")"
    }
}

extension StatusReport.Credential {
    /// Its owner has nothing to do, and its clients notice nothing.
    fileprivate var isGood: Bool {
        guard usable, unsaved == nil else { return false }
        return state == .valid || state == .refreshing
    }
}
