internal import Logging
internal import OCMEventLoop
internal import OCMIPC

/// Numbers usage records, sends them to the supervisor, and keeps them until they are acknowledged.
@EventLoop final class Reporter {
    private let link: SupervisorLink
    var logger: Logger?
    /// Records that are not acknowledged, in order; the first has the number `first`.
    private var records: [UsageRecord] = []
    private var first: UInt64 = 1
    private var sent: UInt64 = 0
    /// Records up to here have waited in this worker: those that are new have no part in that, and do not wait for them.
    private var overdue: UInt64 = 0
    /// Exchanges that wait until their record is on its way.
    private var waiting: [Wakeup] = []

    init(link: SupervisorLink) {
        self.link = link
        link.whenRoom = { [weak self] in self?.sendRest() }
    }

    /// Sends a record, or keeps it until there is room in the channel.
    ///
    /// - Returns: its number, see ``isOnItsWay(_:)``.
    func report(_ record: UsageRecord) -> UInt64 {
        records.append(record)
        if records.count == Self.remarkableCount {
            logger?.warning("usage waits in this worker", metadata: ["responses": "\(records.count)"])
        }
        sendRest()
        return first + UInt64(records.count) - 1
    }

    /// Whether a record would reach the supervisor even if this process ended now. Without a supervisor, nothing would, nor
    /// while there are many to be sent again: nobody waits then.
    func isOnItsWay(_ number: UInt64) -> Bool {
        !link.isConnected || sent < overdue || (sent >= number && !link.isCongested)
    }

    /// Suspends until a record is on its way, for `patience` at most: a supervisor that waits for its disk stalls nobody.
    func handOver(_ number: UInt64) async throws(WaitError) {
        let deadline = EventLoop.now + Self.patience
        while !isOnItsWay(number) {
            let wakeup = Wakeup()
            waiting.append(wakeup)
            defer {
                wakeup.disarm()
                waiting.removeAll { $0 === wakeup }
            }
            do throws(WaitError) {
                try await wakeup.wait(until: deadline)
            } catch {
                if error == .timedOut { return }
                throw error
            }
        }
    }

    /// Worth a line in the log: the supervisor is away, or its disk is full, and memory is filling.
    private static let remarkableCount = 100_000
    private static let patience = Duration.milliseconds(250)

    /// All up to this number are on disk.
    func acknowledged(_ sequence: UInt64) {
        guard sequence >= first, sequence - first < UInt64(records.count) else { return }
        records.removeFirst(Int(sequence - first + 1))
        first = sequence + 1
        sent = max(sent, sequence)
        release()
    }

    /// How many are not acknowledged.
    var count: Int { records.count }

    /// Sends all again that is not acknowledged: another supervisor has come, who may not have what was sent to the one
    /// before, or this one had no room for it. It knows numbers that it has seen.
    func sendAgain() {
        sent = first - 1
        overdue = first + UInt64(records.count) - 1
        sendRest()
    }

    /// Has everything that waits look again.
    func release() {
        for wakeup in waiting { wakeup.signal() }
    }

    /// Sends what is not sent yet, several records in one message where they had to wait.
    func sendRest() {
        let last = first + UInt64(records.count) - 1
        while sent < last, !link.isCongested {
            let start = Int(sent + 1 - first)
            let batch = UsageRecord.batch(of: records[start...])
            guard link.send(.usage(sequence: sent + 1, Array(batch))) else { break }
            sent += UInt64(batch.count)
        }
        release()
    }
}
