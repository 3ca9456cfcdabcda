import Logging
import OCMEventLoop
import OCMIPC

/// The ledgers of all services, one for each usage file: shares out what workers report, and tells them what is on disk.
@EventLoop final class UsageAccounts {
    struct Kept {
        let ledger: Ledger
        let upkeep: LedgerUpkeep
    }

    private(set) var ledgers: [String: Kept] = [:]
    /// Those that nothing goes to any more and that are not closed yet.
    private var closing: [String: Kept] = [:]
    private var routes = UsageRoutes([:])
    private(set) var prices: PriceBook
    private let logger: Logger
    /// The tags of all services, those without a usage file too.
    private var services: Set<String>
    private let former: FormerServices
    private var reports = OutstandingReports()
    /// Services and models of which it was said that their counts are not credible.
    private var doubted: Set<[String]> = []
    /// Tells a worker what of its usage is on disk.
    var acknowledge: (Acknowledgement) -> Void = { _ in }
    /// Has a worker send again what was not acknowledged: there was no room for some of it, and there is again.
    var callBack: (WorkerIdentity) -> Void = { _ in }

    /// Model names come from outside: so many warnings, and no more.
    private static let warningsAtMost = 100
    /// How long a file that was let go of a moment ago is waited for.
    private static let closingTime = Duration.seconds(5)
    /// How often a close looks whether its deadline has moved.
    private static let closingPause = Duration.milliseconds(100)

    /// Opens the ledgers. Throws where another supervisor keeps one of the files.
    init(_ services: [ServiceConfiguration], prices: PriceBook, logger: Logger) async throws(LedgerError) {
        self.logger = logger
        self.services = Set(services.map(\.tag))
        former = FormerServices(logger: logger)
        self.prices = prices
        routes = UsageRoutes(Self.paths(services))
        for path in routes.paths { ledgers[path] = try await open(path, prices) }
        if !ledgers.isEmpty, let refusal = FileSynchronization.shared.refusal {
            logger.info(
                "the kernel offers no asynchronous fsync: a slow disk can hold up this process, not the workers",
                metadata: ["reason": "\(refusal)"])
        }
    }

    private static func paths(_ services: [ServiceConfiguration]) -> [String: String] {
        let pairs = services.compactMap { service in
            service.usagesPath.map { (service.tag, DirectoryStorage.resolve($0)) }
        }
        return Dictionary(pairs) { first, _ in first }
    }

    private func open(_ path: String, _ prices: PriceBook) async throws(LedgerError) -> Kept {
        let ledger = Ledger(path: path, prices: prices) { [logger] notice in
            logger.log(level: notice.level, "usage ledger", metadata: ["notice": "\(notice.text)"])
        }
        try await ledger.open(now: .now)
        return Kept(ledger: ledger, upkeep: LedgerUpkeep(ledger) { [weak self] in self?.settle($0, by: path) })
    }

    /// Each usage file's ledger, with its path and the services that count in it, in the order of the paths.
    var accounts: [(path: String, services: [String], ledger: Ledger)] {
        ledgers.sorted { $0.key < $1.key }.map { path, kept in
            (path, routes.current.filter { $0.value == path }.keys.sorted(), kept.ledger)
        }
    }

    func start() {
        for kept in ledgers.values { kept.upkeep.start() }
    }

    /// Takes in what a worker reported. Records of services without a usage file are not kept. What there is no room for is
    /// not kept either: the worker has it until it is acknowledged, and is called back.
    ///
    /// - Parameter sequence: the number of the first record, the others have the following ones.
    func add(worker: WorkerIdentity, sequence: UInt64, _ records: [UsageRecord]) {
        // No honest worker comes near the end of the numbers.
        guard !records.isEmpty, sequence < .max / 2 else { return }
        routes.note(worker, through: sequence + UInt64(records.count) - 1)
        reports.come(worker, from: sequence)
        var missing: [String: UInt64] = [:]
        for (path, share) in shares(worker, sequence, records) {
            guard let kept = ledgers[path], let last = share.last?.sequence, reports.mayTake(worker, into: path) else {
                continue
            }
            switch kept.ledger.add(worker: worker, share) {
            case .accepted:
                missing[path] = last
                kept.upkeep.recordsCame()
            case .duplicate(let durable): if durable < last { missing[path] = last }
            // What other ledgers take of it is known to them when it comes again.
            case .full: reports.turnAway(worker, from: sequence, by: path)
            }
        }
        reports.take(worker, upTo: sequence + UInt64(records.count) - 1, missing: missing)
        release(worker)
    }

    /// What goes to which usage file.
    private func shares(
        _ worker: WorkerIdentity, _ sequence: UInt64, _ records: [UsageRecord]
    ) -> [String: [NumberedUsage]] {
        var shares: [String: [NumberedUsage]] = [:]
        for (number, record) in zip(sequence..., records) {
            guard let path = path(of: record, number, from: worker) else { continue }
            if record.isCredible {
                shares[path, default: []].append(NumberedUsage(sequence: number, record: record))
            } else {
                doubt(record)
            }
        }
        return shares
    }

    /// Usage of a service that the configuration does not know, as a worker that outlived its supervisor may have, belongs in
    /// the file that the service had: which that was is certain where there is one alone.
    private func path(of record: UsageRecord, _ number: UInt64, from worker: WorkerIdentity) -> String? {
        if let path = routes.path(of: record.service, for: worker, number) { return path }
        guard !services.contains(record.service) else { return nil }
        let path = routes.onlyPath(for: worker, number)
        former.note(record, number, from: worker, path)
        return path
    }

    private func doubt(_ record: UsageRecord) {
        guard doubted.count < Self.warningsAtMost, doubted.insert([record.service, record.model]).inserted else {
            return
        }
        logger.warning(
            "usage that can't be true is not counted: more than 2^40 tokens for one response",
            metadata: ["service": "\(record.service)", "model": "\(record.model)"])
    }

    /// A ledger has brought something to disk.
    private func settle(_ acknowledgements: [Acknowledgement], by path: String) {
        for acknowledgement in acknowledgements {
            reports.settle(acknowledgement, by: path)
            release(acknowledgement.worker)
        }
        for worker in reports.callBack({ ledgers[$0]?.ledger.hasRoom ?? true }) { callBack(worker) }
    }

    private func release(_ worker: WorkerIdentity) {
        guard let acknowledgement = reports.release(worker) else { return }
        routes.settle(worker, through: acknowledgement.sequence)
        acknowledge(acknowledgement)
        closeUnused()
    }

    /// Whether the disk has not got all of what workers reported that are none of these: nobody has it but this process.
    func hasPending(besides living: Set<WorkerIdentity>) -> Bool {
        ledgers.merging(closing, uniquingKeysWith: { $1 }).values.contains { $0.ledger.hasPending(besides: living) }
    }

    /// A worker has ended, and all that it said has been taken in.
    func forget(_ worker: WorkerIdentity) {
        reports.forget(worker)
        former.forget(worker)
        routes.forget(worker)
        for kept in ledgers.values { kept.ledger.forget(worker) }
        closeUnused()
    }

    /// Saves everything and lets go of the files, by a deadline, which may move: a disk may not answer at all.
    func close(until deadline: () -> Instant) async {
        former.tellSums()
        for kept in ledgers.values { kept.upkeep.close() }
        for (path, kept) in ledgers.merging(closing, uniquingKeysWith: { $1 }) {
            while await !kept.upkeep.isClosed(by: min(deadline(), EventLoop.now + Self.closingPause)) {
                guard EventLoop.now >= deadline() else { continue }
                logger.error("the disk does not answer: what it has not taken is lost", metadata: ["file": "\(path)"])
                break
            }
        }
    }
}

// Another configuration.
extension UsageAccounts {
    /// Ledgers that are open and not in use yet.
    struct Change {
        fileprivate var opened: [String: Kept] = [:]
        fileprivate(set) var failures: [LedgerError] = []
    }

    /// Opens the usage files that are new.
    func prepare(_ services: [ServiceConfiguration], prices: PriceBook) async -> Change {
        var change = Change()
        for path in Set(Self.paths(services).values).sorted() where ledgers[path] == nil {
            if let kept = closing[path] { _ = await kept.upkeep.isClosed(by: EventLoop.now + Self.closingTime) }
            do throws(LedgerError) {
                change.opened[path] = try await open(path, prices)
            } catch {
                change.failures.append(error)
            }
        }
        return change
    }

    /// Counts with these prices in these files from now on.
    ///
    /// - Parameter kept: tags of services that are no more, and that workers may still report usage of.
    func commit(_ change: Change, _ services: [ServiceConfiguration], prices: PriceBook, keeping kept: Set<String>) {
        for (path, opened) in change.opened {
            ledgers[path] = opened
            opened.upkeep.start()
        }
        self.prices = prices
        for ledger in ledgers.values.map(\.ledger) { ledger.prices = prices }
        self.services = Set(services.map(\.tag)).union(kept)
        let earlier = routes.current.filter { kept.contains($0.key) }
        routes.change(to: Self.paths(services).merging(earlier) { new, _ in new })
        closeUnused()
    }

    /// Takes it back.
    func discard(_ change: Change) async {
        for kept in change.opened.values { _ = await kept.ledger.close() }
    }

    /// No worker reports usage of other services any more.
    func forget(servicesBesides tags: Set<String>) {
        services.formIntersection(tags)
        routes.change(to: routes.current.filter { tags.contains($0.key) })
        closeUnused()
    }

    private func closeUnused() {
        let used = routes.paths
        for (path, kept) in ledgers where !used.contains(path) {
            ledgers[path] = nil
            closing[path] = kept
            kept.upkeep.close()
            EventLoop.spawn { [self] in
                _ = await kept.upkeep.isClosed(by: .never)
                if closing[path]?.upkeep === kept.upkeep { closing[path] = nil }
            }
        }
    }
}

extension LedgerNotice {
    fileprivate var level: Logger.Level {
        switch self {
        case .recovered, .tornTail: .notice
        case .unpriced, .moreUnpriced, .tooManyModels, .full, .changed, .journalGone: .warning
        case .setAside, .damaged, .uncertain, .foreign, .stalled, .lost: .error
        }
    }
}
