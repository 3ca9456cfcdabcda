internal import OCMEventLoop
internal import OCMIPC

/// Numbers usage records, sends them to the supervisor, and keeps them until they are acknowledged.
@EventLoop final class Reporter {
    private let link: SupervisorLink
    /// Records that are not acknowledged, in order; the first has the number `first`.
    private var records: [UsageRecord] = []
    private var first: UInt64 = 1
    private var sent: UInt64 = 0

    init(link: SupervisorLink) {
        self.link = link
    }

    /// Sends a record. When this returns, it is on its way, or behind others that are.
    func report(_ record: UsageRecord) {
        records.append(record)
        sendRest()
    }

    /// All up to this number are on disk.
    func acknowledged(_ sequence: UInt64) {
        guard sequence >= first, sequence - first < UInt64(records.count) else { return }
        records.removeFirst(Int(sequence - first + 1))
        first = sequence + 1
    }

    var isEmpty: Bool { records.isEmpty }

    /// Sends what is not sent yet, several records in one message where they had to wait.
    func sendRest() {
        let last = first + UInt64(records.count) - 1
        while sent < last, !link.isCongested {
            let start = Int(sent + 1 - first)
            let batch = records[start..<min(start + WorkerMessage.recordsAtMost, records.count)]
            guard link.send(.usage(sequence: sent + 1, Array(batch))) else { return }
            sent += UInt64(batch.count)
        }
    }
}
