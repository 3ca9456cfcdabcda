internal import OCMEventLoop

/// Does what a ledger has to do with its disk, one thing after the other: commits soon after something has come, and saves
/// once a minute. Only this task waits for this disk.
@EventLoop final class LedgerUpkeep {
    private let ledger: Ledger
    /// What is on disk, after each commit that brought something there.
    private let committed: ([Acknowledgement]) -> Void
    private let wakeup = Wakeup()
    private let closing = Wakeup()
    private var isStarted = false
    private var isClosing = false
    private var isClosed = false
    /// One for each task that waits for the end.
    private var waiting: [Wakeup] = []

    /// Records that arrive within this time share one write and one fsync.
    private static let groupTime = Duration.milliseconds(20)
    private static let saveInterval = Duration.seconds(60)
    /// Until a disk that could not be written is tried again.
    private static let retryTime = Duration.seconds(1)

    init(_ ledger: Ledger, committed: @escaping ([Acknowledgement]) -> Void) {
        self.ledger = ledger
        self.committed = committed
    }

    func start() {
        isStarted = true
        EventLoop.spawn { [self] in
            await keep()
            let acknowledgements = await ledger.close()
            if !acknowledgements.isEmpty { committed(acknowledgements) }
            isClosed = true
            for wakeup in waiting { wakeup.signal() }
        }
    }

    /// There is something to be committed.
    func recordsCame() {
        wakeup.signal()
    }

    /// Has it commit and save all there is, and let go of the files.
    func close() {
        isClosing = true
        if !isStarted { start() }
        wakeup.signal()
        closing.signal()
    }

    /// Waits until that is done. False where the disk takes longer.
    func isClosed(by deadline: Instant) async -> Bool {
        let wakeup = Wakeup()
        waiting.append(wakeup)
        defer {
            wakeup.disarm()
            waiting.removeAll { $0 === wakeup }
        }
        while !isClosed {
            do { try await wakeup.wait(until: deadline) } catch { return false }
        }
        return true
    }

    private func keep() async {
        var save = EventLoop.now + Self.saveInterval
        while !isClosing {
            if !ledger.hasPending { try? await wakeup.wait(until: save) }
            if EventLoop.now >= save {
                await ledger.compact()
                save = EventLoop.now + Self.saveInterval
            }
            guard ledger.hasPending, !isClosing else { continue }
            await pause(Self.groupTime)
            await commit()
        }
    }

    private func commit() async {
        let wasStalled = ledger.isStalled
        let acknowledgements = await ledger.commit()
        if !acknowledgements.isEmpty { committed(acknowledgements) }
        if ledger.isStalled {
            await pause(Self.retryTime)
        } else if wasStalled {
            // The disk is well again: whether for the files too shows now, not in a minute.
            await ledger.compact()
        }
    }

    /// Cut short by the end.
    private func pause(_ duration: Duration) async {
        guard !isClosing else { return }
        try? await closing.wait(until: EventLoop.now + duration)
    }
}
