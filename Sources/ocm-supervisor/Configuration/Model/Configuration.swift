/// Everything that one configuration file says, validated, with the defaults filled in and all paths absolute.
///
/// The value is made by ``ConfigurationFile`` and never changes afterwards: a reload makes a new one.
struct Configuration: Equatable, Sendable {
    /// Absolute path of the file.
    var file: String
    var log = Log()
    /// The services of type ocm, at least one, in the order of the file.
    var services: [ServiceConfiguration]
    /// The outbounds that a service or another outbound may name as its detour.
    var outbounds: [OutboundConfiguration] = []
    var trust = Trust()

    /// Number of worker processes, 1…``maximumWorkers``.
    var workers: Int
    /// The account of the workers where the supervisor may change it; `nil` where the file names none.
    var workerUser: String?
    var stateDirectory: String
    /// Path of the admin socket, at most 107 bytes (unix(7)).
    var adminSocket: String
    /// Whether the file names that path; else it is the default.
    var namesAdminSocket = false
    /// How long a worker that is being replaced may finish what it serves; `nil` for as long as it takes.
    var drainTimeout: Duration? = .seconds(30 * 60)
    /// How long the workers may finish what they serve after SIGTERM; `nil` for as long as it takes.
    var stopTimeout: Duration? = .seconds(60)
    /// Whether requests to upgrade to WebSocket are relayed; else they are answered 426.
    var websockets = true
    /// The proxies whose word on a client's address is taken.
    var trustedProxies: [AddressRange] = []
    var endpoints = Endpoints()
    /// A price table that adds to the built-in one.
    var pricingPath: String?
    var limits = Limits()
    var timeouts = Timeouts()

    /// What is accepted but probably not meant, in the order of the file.
    var warnings: [Diagnostic] = []

    static let maximumWorkers = 256
}

extension Configuration {
    /// Where the log goes and what stands in it.
    struct Log: Equatable, Sendable {
        enum Level: String, CaseIterable, Sendable {
            case trace, debug, info, warn, error, fatal, panic
        }

        enum Output: Equatable, Sendable {
            /// Standard error, or the journal where standard error leads there.
            case unnamed
            case standardError
            case standardOutput
            case journal
            /// Absolute path; reopened when the configuration is reloaded.
            case file(String)
        }

        enum Format: String, CaseIterable, Sendable {
            case text, json
        }

        var disabled = false
        var level = Level.info
        var output = Output.unnamed
        /// Whether a line begins with its time.
        var timestamp = true
        var format = Format.text
        /// Whether there is a line for each request, at level info.
        var access = true
    }

    /// The certificates by which the API, the OAuth server and proxies are verified.
    struct Trust: Equatable, Sendable {
        /// Whether the system's store is trusted.
        var systemStore = true
        /// PEM text that stands in the file itself.
        var certificates: [String] = []
        /// Absolute paths of PEM files.
        var files: [String] = []
        /// Absolute paths of directories of PEM files.
        var directories: [String] = []
    }

    /// Where the API and the OAuth server are.
    struct Endpoints: Equatable, Sendable {
        /// The API in ChatGPT mode: a request's path follows without its `/v1`.
        var chatgpt = BaseURL(isEncrypted: true, host: "chatgpt.com", port: 443, path: "/backend-api/codex")
        /// The API in API-key mode: a request's whole path follows.
        var openai = BaseURL(isEncrypted: true, host: "api.openai.com", port: 443, path: "")
        /// The OAuth server: `/oauth/token` and the like follow.
        var oauth = BaseURL(isEncrypted: true, host: "auth.openai.com", port: 443, path: "")
    }
}
