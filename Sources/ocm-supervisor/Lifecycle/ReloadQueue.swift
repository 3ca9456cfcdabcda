import OCMEventLoop

/// Reloads, one after the other: those who ask while one is under way share the next.
@EventLoop final class ReloadQueue {
    private final class Request {
        let answered: Wakeup
        var result: ReloadResult?

        init(_ answered: Wakeup) {
            self.answered = answered
        }
    }

    /// What came of the last one.
    private(set) var last: ReloadResult?
    private var waiting: [Request] = []
    private var isAsked = false
    private var isTakenBack = false
    private var isClosed = false
    private let asked = Wakeup()
    private let closed = Wakeup()
    private var isRunning = false
    private var isBusy = false

    /// Whether one is asked for, or has begun, and who asked has not been answered.
    var isUnderWay: Bool { isBusy || isAsked || isTakenBack }

    /// Has one begin as soon as may be.
    func ask() {
        isAsked = true
        asked.signal()
    }

    /// Has what the last one has put into force be replaced by what was good, as soon as may be.
    func takeBack() {
        isTakenBack = true
        asked.signal()
    }

    /// Has one begin as soon as may be, and waits for what comes of it; nil where the service ends before it begins.
    func result() async -> ReloadResult? {
        guard !isClosed else { return nil }
        let request = Request(Wakeup())
        waiting.append(request)
        ask()
        try? await request.answered.wait()
        return request.result
    }

    /// Does what is asked for until it is closed.
    ///
    /// - Parameter takingBack: nil where there was nothing to be taken back any more.
    func run(_ reload: () async -> ReloadResult, takingBack: () async -> ReloadResult?) async {
        isRunning = true
        while !isClosed {
            isBusy = true
            if isTakenBack {
                isTakenBack = false
                if let result = await takingBack() { last = result }
            } else if isAsked {
                let requests = waiting
                (waiting, isAsked) = ([], false)
                answer(requests, await reload())
            } else {
                isBusy = false
                try? await asked.wait()
            }
        }
        isBusy = false
        isRunning = false
        for request in waiting { request.answered.signal() }
        closed.signal()
    }

    private func answer(_ requests: [Request], _ result: ReloadResult) {
        last = result
        for request in requests {
            request.result = result
            request.answered.signal()
        }
    }

    /// Begins no more, and waits for the end of one that is under way, until the deadline: a disk may not answer.
    func close(until deadline: Instant) async {
        isClosed = true
        asked.signal()
        while isRunning {
            do { try await closed.wait(until: deadline) } catch { return }
        }
    }
}
