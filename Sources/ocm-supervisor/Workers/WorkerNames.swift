import OCMIPC

/// Services, users and hosts that a worker was told of, in whichever of its configurations: what it reports may be of the
/// time before the last.
struct WorkerNames {
    /// The users of each service; the empty one where it has, or had, none.
    private var users: [String: Set<String>] = [:]
    private var hosts: Set<String> = []
    /// What the worker of an earlier supervisor speaks of beyond that.
    private var former: Set<[String]> = []

    /// More than anybody removes from a configuration at once; names are kept in memory.
    private static let formerAtMost = 10_000

    mutating func add(_ configuration: WorkerConfiguration) {
        for service in configuration.services {
            let names = service.users.isEmpty ? [""] : service.users.map(\.name)
            users[service.tag, default: []].formUnion(names)
            hosts.formUnion([service.chatGPT.host, service.openAI.host])
        }
    }

    /// How many things it can have to say something of.
    var subjects: Int { max(users.count, hosts.count) }

    mutating func check(_ record: UsageRecord, isOrphan: Bool) throws(WorkerConduct.Violation) {
        if users[record.service]?.contains(record.user) == true { return }
        guard isOrphan else {
            throw users[record.service] == nil ? .unknown(.service, record.service) : .unknown(.user, record.user)
        }
        try note([record.service, record.user])
    }

    mutating func check(service: String, isOrphan: Bool) throws(WorkerConduct.Violation) {
        if users[service] != nil { return }
        guard isOrphan else { throw .unknown(.service, service) }
        try note([service])
    }

    mutating func check(host: String, isOrphan: Bool) throws(WorkerConduct.Violation) {
        // Whatever an orphan asks for, only what is configured is looked up.
        guard isOrphan || hosts.contains(host) else { throw .unknown(.host, host) }
    }

    private mutating func note(_ name: [String]) throws(WorkerConduct.Violation) {
        if former.contains(name) { return }
        guard former.count < Self.formerAtMost else { throw .tooManyNames }
        former.insert(name)
    }
}
