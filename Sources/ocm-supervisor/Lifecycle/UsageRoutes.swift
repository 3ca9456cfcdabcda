/// Which usage file a worker's records go to, while configurations come and go: a value without I/O.
///
/// What a worker had reported before a change goes where it went, also when it comes again because there was no room for it
/// or because it was not acknowledged: else it would be counted in two files.
struct UsageRoutes {
    /// Path of the usage file of each service that has one.
    private(set) var current: [String: String]

    private struct Earlier {
        /// The last number that is routed like this.
        let through: UInt64
        let paths: [String: String]
    }

    private var earlier: [WorkerIdentity: [Earlier]] = [:]
    /// The highest number that came from each worker, whether there was room for it or not.
    private var seen: [WorkerIdentity: UInt64] = [:]

    init(_ paths: [String: String]) {
        current = paths
    }

    /// Notes that a worker has reported records up to this number.
    mutating func note(_ worker: WorkerIdentity, through number: UInt64) {
        seen[worker] = max(seen[worker] ?? 0, number)
    }

    /// Where a record goes; nil where it is not kept.
    func path(of service: String, for worker: WorkerIdentity, _ number: UInt64) -> String? {
        paths(for: worker, number)[service]
    }

    /// The one file that all records go to; nil where there are several, or none.
    func onlyPath(for worker: WorkerIdentity, _ number: UInt64) -> String? {
        let paths = Set(paths(for: worker, number).values)
        return paths.count == 1 ? paths.first : nil
    }

    private func paths(for worker: WorkerIdentity, _ number: UInt64) -> [String: String] {
        earlier[worker]?.first { number <= $0.through }?.paths ?? current
    }

    /// From now on what workers count goes elsewhere.
    mutating func change(to paths: [String: String]) {
        guard paths != current else { return }
        for (worker, number) in seen {
            earlier[worker, default: []].append(Earlier(through: number, paths: current))
        }
        current = paths
    }

    /// All of a worker's up to this number is where it belongs, and does not come again.
    mutating func settle(_ worker: WorkerIdentity, through number: UInt64) {
        guard let routes = earlier[worker] else { return }
        let rest = routes.filter { $0.through > number }
        earlier[worker] = rest.isEmpty ? nil : rest
    }

    mutating func forget(_ worker: WorkerIdentity) {
        earlier[worker] = nil
        seen[worker] = nil
    }

    /// The files that something may still go to.
    var paths: Set<String> {
        Set(current.values).union(earlier.values.joined().flatMap(\.paths.values))
    }
}
