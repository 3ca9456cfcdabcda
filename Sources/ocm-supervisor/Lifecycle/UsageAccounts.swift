import Logging
import OCMEventLoop
import OCMIPC

/// The ledgers of all services, one for each usage file, and when they write.
@EventLoop final class UsageAccounts {
    private var ledgers: [String: Ledger] = [:]
    private var pathOfService: [String: String] = [:]
    private let logger: Logger
    /// Tells a worker what of its usage is on disk.
    var acknowledge: (Acknowledgement) -> Void = { _ in }
    /// Signalled when there is something to be written.
    private let pending = Wakeup()
    private var isClosed = false
    private var isRetrying = false
    /// Messages that are not on disk everywhere, in the order of their numbers.
    private var outstanding: [WorkerIdentity: [Outstanding]] = [:]

    private var refused: [Entry] = []

    private struct Entry {
        let worker: WorkerIdentity
        let path: String
        let share: [NumberedUsage]
    }

    private struct Outstanding {
        /// The number of the last record.
        let sequence: UInt64
        /// The usage files that do not have their share yet, with the number of its last record.
        var missing: [String: UInt64]
    }

    /// Records that arrive within this time share one write and one fsync.
    private static let groupTime = Duration.milliseconds(20)
    private static let saveInterval = Duration.seconds(60)

    /// Opens the ledgers. Throws where another supervisor keeps one of the files.
    init(
        _ services: [ServiceConfiguration], prices: PriceBook, logger: Logger
    ) throws(LedgerError) {
        self.logger = logger
        for service in services {
            guard let path = service.usagesPath.map(DirectoryStorage.resolve) else { continue }
            pathOfService[service.tag] = path
            guard ledgers[path] == nil else { continue }
            let ledger = Ledger(path: path, prices: prices) { notice in
                logger.log(level: notice.level, "usage ledger", metadata: ["notice": "\(notice.text)"])
            }
            try ledger.open(now: .now)
            ledgers[path] = ledger
        }
    }

    /// Each usage file's ledger, with its path and the services that count in it, in the order of the paths.
    var accounts: [(path: String, services: [String], ledger: Ledger)] {
        ledgers.sorted { $0.key < $1.key }.map { path, ledger in
            (path, pathOfService.filter { $0.value == path }.keys.sorted(), ledger)
        }
    }

    func start() {
        EventLoop.spawn { [self] in await commitWhenPending() }
        EventLoop.spawn { [self] in await saveRegularly() }
    }

    /// Takes in what a worker reported. Records of services without a usage file are not kept.
    ///
    /// - Parameter sequence: the number of the first record, the others have the following ones.
    func add(worker: WorkerIdentity, sequence: UInt64, _ records: [UsageRecord]) {
        // No honest worker comes near the end of the numbers.
        guard !records.isEmpty, sequence < .max / 2 else { return }
        var shares: [String: [NumberedUsage]] = [:]
        for (number, record) in zip(sequence..., records) {
            guard let path = pathOfService[record.service] else { continue }
            shares[path, default: []].append(NumberedUsage(sequence: number, record: record))
        }
        let last = sequence + UInt64(records.count) - 1
        let missing = shares.compactMapValues { $0.last?.sequence }
        outstanding[worker, default: []].append(Outstanding(sequence: last, missing: missing))
        for (path, share) in shares { enter(Entry(worker: worker, path: path, share: share)) }
        release(worker)
    }

    private func enter(_ entry: Entry) {
        switch ledgers[entry.path]?.add(worker: entry.worker, entry.share) {
        case .accepted: pending.signal()
        case .duplicate(let durable):
            settle(Acknowledgement(worker: entry.worker, sequence: durable), by: entry.path)
        // The disk can't be written and the ledger has reported it: what it has no room for waits here.
        case .full: refused.append(entry)
        case nil: break
        }
    }

    private func enterRefused() {
        let entries = refused
        refused = []
        for entry in entries { enter(entry) }
    }

    /// A ledger has everything of a worker up to a number on disk.
    private func settle(_ acknowledgement: Acknowledgement, by path: String) {
        guard var messages = outstanding[acknowledgement.worker] else { return }
        for index in messages.indices {
            guard let last = messages[index].missing[path], last <= acknowledgement.sequence else { continue }
            messages[index].missing[path] = nil
        }
        outstanding[acknowledgement.worker] = messages
        release(acknowledgement.worker)
    }

    /// Acknowledges what is on disk in all ledgers that it concerns, in the order of the numbers.
    private func release(_ worker: WorkerIdentity) {
        guard let messages = outstanding[worker] else { return }
        let settled = messages.prefix { $0.missing.isEmpty }
        guard let last = settled.last else { return }
        outstanding[worker] = Array(messages.dropFirst(settled.count))
        acknowledge(Acknowledgement(worker: worker, sequence: last.sequence))
    }

    /// A worker has ended, and all that it said has been taken in.
    func forget(_ worker: WorkerIdentity) {
        outstanding[worker] = nil
        for ledger in ledgers.values { ledger.forget(worker) }
    }

    private func commitWhenPending() async {
        while !isClosed {
            try? await pending.wait(until: .never)
            try? await EventLoop.sleep(for: Self.groupTime)
            if !isClosed { commit() }
        }
    }

    private func commit() {
        enterRefused()
        for (path, ledger) in ledgers where ledger.hasPending {
            for acknowledgement in ledger.commit() { settle(acknowledgement, by: path) }
            if ledger.hasPending { retry() }
        }
        if !refused.isEmpty { retry() }
    }

    /// The disk could not be written: tries again in a second.
    private func retry() {
        guard !isRetrying else { return }
        isRetrying = true
        EventLoop.spawn { [self] in
            try? await EventLoop.sleep(for: .seconds(1))
            isRetrying = false
            pending.signal()
        }
    }

    private func saveRegularly() async {
        while !isClosed {
            try? await EventLoop.sleep(for: Self.saveInterval)
            if isClosed { return }
            for ledger in ledgers.values { ledger.compact(now: .now) }
        }
    }

    /// Saves everything and lets go of the files.
    func close() {
        isClosed = true
        commit()
        enterRefused()
        for (path, ledger) in ledgers {
            for acknowledgement in ledger.close(now: .now) { settle(acknowledgement, by: path) }
        }
        pending.signal()
    }
}

extension LedgerNotice {
    fileprivate var level: Logger.Level {
        switch self {
        case .recovered, .tornTail: .notice
        case .unpriced, .full: .warning
        case .setAside, .damaged, .uncertain, .stalled: .error
        }
    }
}
