import OCMEventLoop
import OCMIPC

extension StatusReport.Worker {
    @EventLoop init(_ worker: WorkerProcess) {
        let remaining = worker.drainDeadline.map { Timestamp.now + ($0 - EventLoop.now) }
        self.init(
            pid: worker.pid, since: worker.started.wholeSeconds, state: State(worker.state),
            version: worker.build.isEmpty ? nil : worker.build,
            connections: worker.load.map { Int($0.connections) }, exchanges: worker.load.map { Int($0.exchanges) },
            deadline: remaining?.wholeSeconds)
    }
}

extension StatusReport.Worker.State {
    init(_ state: WorkerState) {
        self =
            switch state {
            case .started, .configuring, .returning: .starting
            case .serving: .serving
            case .draining: .draining
            }
    }
}

extension StatusReport.Crashes {
    @EventLoop init?(_ record: CrashRecord) {
        guard let last = record.last else { return nil }
        self.init(
            last_minute: record.count(at: EventLoop.now), time: last.time.wholeSeconds, pid: last.pid,
            reason: last.reason)
    }
}

extension StatusReport.Listener {
    init(_ address: SocketAddress) {
        if case .unix(let path) = address {
            self.init(address: path, port: nil)
        } else {
            self.init(address: address.host, port: address.port)
        }
    }
}

extension StatusReport.Service {
    init(
        _ service: ServiceConfiguration, listeners: [SocketAddress], credential: CredentialStatus,
        usage: StatusReport.Usage?
    ) {
        self.init(
            tag: service.tag, listeners: listeners.map { StatusReport.Listener($0) }, users: service.users.count,
            credential: StatusReport.Credential(credential, path: service.credentialPath), usage: usage)
    }
}

extension StatusReport.Usage {
    @EventLoop init(_ ledger: Ledger, path: String) {
        self.init(
            path: path, waiting_bytes: ledger.pendingSize, waiting_bytes_at_most: ledger.memoryLimit,
            trouble: ledger.trouble.map { "\($0)" })
    }
}

extension StatusReport.Credential {
    init(_ status: CredentialStatus, path: String) {
        self.init(
            path: path, state: State(status.condition), usable: status.isUsable, mode: status.mode.map { Mode($0) },
            account: status.email, plan: status.plan, expires: status.expiry?.wholeSeconds,
            last_refresh: status.lastRefresh?.wholeSeconds, reason: status.reason, unsaved: status.unsaved,
            limits: status.limits.map { StatusReport.Limits($0) })
    }
}

extension StatusReport.Limits {
    init(_ limits: LoginLimits.Current) {
        self.init(
            seen: limits.time.wholeSeconds, active: limits.activeLimit.isEmpty ? nil : limits.activeLimit,
            families: limits.families.map { Family($0) }, credits: limits.credits.map { Credits($0) })
    }
}

extension StatusReport.Limits.Family {
    init(_ seen: LoginLimits.Seen) {
        let family = seen.family
        self.init(
            limit: family.limit, name: family.name.isEmpty ? nil : family.name, seen: seen.time.wholeSeconds,
            windows: [family.primary, family.secondary].compactMap { $0.map { StatusReport.Limits.Window($0) } })
    }
}

extension StatusReport.Limits.Window {
    init(_ window: RateLimits.Window) {
        self.init(
            minutes: window.minutes, used_percent: window.used.map { Double($0) / 100 },
            resets: window.resetAt.map { Timestamp(seconds: $0).wholeSeconds })
    }
}

extension StatusReport.Limits.Credits {
    init(_ credits: RateLimits.Credits) {
        self.init(
            available: credits.isAvailable, unlimited: credits.isUnlimited,
            balance: credits.balance.isEmpty ? nil : credits.balance)
    }
}

extension StatusReport.Credential.State {
    init(_ condition: LoginState.Condition) {
        self =
            switch condition {
            case .absent: .absent
            case .valid: .valid
            case .refreshing: .refreshing
            case .failing: .failing
            case .dead: .dead
            }
    }
}

extension StatusReport.Credential.Mode {
    init(_ mode: Credential.Mode) {
        self =
            switch mode {
            case .chatGPT: .chatgpt
            case .apiKey: .apikey
            }
    }
}

extension Timestamp {
    /// RFC 3339 without a fraction.
    var wholeSeconds: String { "\(rfc3339.prefix(19))Z" }
}
