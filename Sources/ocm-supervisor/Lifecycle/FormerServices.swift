import Logging
import OCMEventLoop
import OCMIPC

/// What workers of an earlier supervisor report of services that the configuration does not know any more: renamed or
/// removed while they served on. None of it vanishes unseen.
@EventLoop final class FormerServices {
    private struct Key: Hashable, Comparable {
        let service: String
        let user: String

        static func < (left: Key, right: Key) -> Bool { (left.service, left.user) < (right.service, right.user) }
    }

    private let logger: Logger
    private var known: Set<String> = []
    /// What belongs in no file and has not been told.
    private var uncounted: [Key: TokenCounts] = [:]
    /// The highest number of each worker's that is part of that: a worker may send records again.
    private var marks: [WorkerIdentity: UInt64] = [:]

    init(logger: Logger) {
        self.logger = logger
    }

    /// Takes note of a record, and whether it is counted somewhere.
    func note(_ record: UsageRecord, _ number: UInt64, from worker: WorkerIdentity, _ path: String?) {
        if known.insert(record.service).inserted { introduce(record.service, path) }
        guard path == nil, number > marks[worker] ?? 0, record.isCredible else { return }
        marks[worker] = number
        uncounted[Key(service: record.service, user: record.user), default: TokenCounts()] += TokenCounts(record)
    }

    /// A worker has ended, and all that it said has been taken in.
    func forget(_ worker: WorkerIdentity) {
        if marks.removeValue(forKey: worker) != nil { tellSums() }
    }

    /// Says what was not counted since it was said last.
    func tellSums() {
        for (key, counts) in uncounted.sorted(by: { $0.key < $1.key }) {
            logger.error(
                "usage of a service that is not configured any more is in no file",
                metadata: [
                    "service": "\(key.service)", "user": "\(key.user)", "responses": "\(counts.requests)",
                    "input_tokens": "\(counts.input)", "cached_tokens": "\(counts.cached)",
                    "output_tokens": "\(counts.output)",
                ])
        }
        uncounted = [:]
    }

    private func introduce(_ service: String, _ path: String?) {
        if let path {
            logger.warning(
                "a worker reports usage of a service that is not configured any more; it is counted in the only usage file",
                metadata: ["service": "\(service)", "file": "\(path)"])
        } else {
            logger.error(
                "a worker reports usage of a service that is not configured any more; its usage file is not known",
                metadata: ["service": "\(service)"])
        }
    }
}
