/// What `GET /status` answers, and `ocm-supervisor status` shows. Nothing in it is a secret.
///
/// The members' names are those of the JSON (packaging/admin-api.json has the schema). More may be added; none that is
/// there changes its meaning. Times are RFC 3339 in UTC.
struct StatusReport: Codable, Equatable {
    enum State: String, Codable, CaseIterable {
        /// The workers are not all ready yet.
        case starting
        case serving
        /// What is open is being finished, for as long as an operator who wants to drop nothing waits: then it ends.
        case draining
        /// Asked to end: what is open is being finished.
        case stopping
    }

    struct Worker: Codable, Equatable {
        enum State: String, Codable, CaseIterable { case starting, serving, draining }

        let pid: Int32
        /// When its process was started, be it by this supervisor or an earlier one.
        let since: String
        let state: State
        /// Of its program; nil before it has said so.
        var version: String?
        /// What it had open when it was asked last, seconds ago at most.
        var connections: Int?
        var exchanges: Int?
        /// When what is open is cut, once it drains.
        var deadline: String?
    }

    struct Crashes: Codable, Equatable {
        let last_minute: Int
        /// Of the last one.
        let time: String
        let pid: Int32
        let reason: String
    }

    struct Listener: Codable, Equatable {
        /// A Unix socket's path where there is no port.
        let address: String
        /// The actual one, where the configuration lets the system choose.
        let port: UInt16?
    }

    struct Service: Codable, Equatable {
        let tag: String
        let listeners: [Listener]
        /// How many users are configured; 0 lets everyone in.
        let users: Int
        let credential: Credential
        /// Nil where nothing is counted: there is no usages_path.
        var usage: Usage?
    }

    /// How the ledger is that a service counts in; several may share one.
    struct Usage: Codable, Equatable {
        let path: String
        /// About how much of records waits in memory for the disk.
        let waiting_bytes: Int
        /// From there on, records wait in the workers.
        let waiting_bytes_at_most: Int
        /// What keeps the ledger from its files; nil while they can be written.
        let trouble: String?
    }

    struct Credential: Codable, Equatable {
        enum State: String, Codable, CaseIterable { case absent, valid, refreshing, failing, dead }
        enum Mode: String, Codable, CaseIterable { case chatgpt, apikey }

        let path: String
        let state: State
        /// Whether requests are served with it at this moment.
        let usable: Bool
        let mode: Mode?
        /// The e-mail of the account, masked: `o…@example.org`.
        let account: String?
        let plan: String?
        let expires: String?
        let last_refresh: String?
        /// Why there is none, or why its refresh fails.
        let reason: String?
        /// Why new tokens are in memory alone.
        let unsaved: String?
        /// What the API has said of the account's limits; nil before it has.
        var limits: Limits?
    }

    struct Limits: Codable, Equatable {
        struct Window: Codable, Equatable {
            /// Its length: 300 is five hours.
            let minutes: UInt32?
            let used_percent: Double?
            let resets: String?
        }

        struct Family: Codable, Equatable {
            /// As in the API's fields: `codex`.
            let limit: String
            /// What people call it.
            let name: String?
            let seen: String
            /// At most two, in the API's order.
            let windows: [Window]
        }

        struct Credits: Codable, Equatable {
            let available: Bool?
            let unlimited: Bool?
            /// As the API writes it.
            let balance: String?
        }

        /// When the API said anything last.
        let seen: String
        /// The limit that requests count against.
        let active: String?
        let families: [Family]
        let credits: Credits?
    }

    /// An attempt to become another version.
    struct Upgrade: Codable, Equatable {
        enum State: String, Codable, CaseIterable {
            /// The new program is tried out.
            case trial
            /// It is about to take over, or starts.
            case executing
            case done
            /// The program that was there goes on.
            case failed
        }

        /// Which attempt it is since the process began.
        let number: UInt32
        var state: State
        /// When it was asked for.
        let time: String
        let from: String
        /// What the new program says of itself; nil before it has.
        var to: String?
        /// Why it failed.
        var reasons: [String]
    }

    let version: String
    let pid: Int32
    let state: State
    /// When what is open is cut, once it ends.
    var deadline: String?
    let started: String
    /// When this was answered.
    let time: String
    let configuration: String
    /// How many workers there are to be.
    let workers_configured: Int
    let workers: [Worker]
    /// Workers that died by themselves; nil where none has since the process began, or became this version.
    var crashes: Crashes?
    let services: [Service]
    /// The last one, also of those that led to this version; nil where there was none since the process began.
    var upgrade: Upgrade?
    /// The last one; nil before the first.
    var reload: ReloadResult?
}

extension StatusReport {
    /// What all workers have open, as far as they have said.
    var open: (connections: Int, exchanges: Int) {
        (workers.reduce(0) { $0 + ($1.connections ?? 0) }, workers.reduce(0) { $0 + ($1.exchanges ?? 0) })
    }
}
