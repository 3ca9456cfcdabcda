/// What a page says of a login: first whether it works, and what its owner has to do where it does not.
struct LoginLines {
    let credential: StatusReport.Credential
    let time: LocalTime

    var rows: [(name: String, text: String)] {
        var rows = [(name: "login", text: headline)]
        if let reason = credential.reason { rows.append(("reason", reason)) }
        if let remedy { rows.append(("to do", remedy)) }
        if let consequence { rows.append(("meanwhile", consequence)) }
        if let unsaved = credential.unsaved {
            rows.append(("not saved", "new tokens are in memory only, they are written again and again: \(unsaved)"))
        }
        if let account { rows.append(("account", account)) }
        if let expiry, credential.usable || isOver(expiry) {
            rows.append(("token", "\(isOver(expiry) ? "expired" : "expires") \(moment(expiry))"))
        }
        if let refreshed = moment(of: credential.last_refresh) { rows.append(("refreshed", refreshed)) }
        if let limits = credential.limits { rows += LimitLines(limits: limits, time: time).rows }
        return rows + [("file", credential.path)]
    }

    private var headline: String {
        switch credential.state {
        case .absent: "none"
        case .valid where !credential.usable: "not usable"
        case .valid: credential.mode == .apikey ? "API key" : "valid"
        case .refreshing: "being refreshed"
        case .failing: "its refresh fails, and is tried again by itself"
        case .dead: "ended: sign in again"
        }
    }

    /// Where there is no credential the reason says what to do.
    private var remedy: String? {
        guard credential.state == .dead, credential.usable else { return nil }
        return "run `ocm-supervisor login` again as the owner of the file; the new login is taken up by itself"
    }

    /// What clients meet as long as it is not right.
    private var consequence: String? {
        switch (credential.state, credential.usable) {
        case (.valid, true), (.refreshing, _): nil
        case (.dead, false), (.valid, false): "requests are refused with status 400"
        case (.absent, _), (.failing, false): "requests are answered 503, so that clients try again"
        case (.dead, true), (.failing, true): "requests are served with the token that is still good"
        }
    }

    private var account: String? {
        let parts = [credential.account, credential.plan.map { "\($0) plan" }].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    private var expiry: Timestamp? { credential.expires.flatMap { Timestamp(rfc3339: $0) } }

    private func isOver(_ moment: Timestamp) -> Bool { moment <= time.now }

    private func moment(_ moment: Timestamp) -> String { "\(time.relative(moment)) (\(time.clock(moment)))" }

    private func moment(of text: String?) -> String? {
        text.flatMap { Timestamp(rfc3339: $0) }.map { moment($0) }
    }
}
