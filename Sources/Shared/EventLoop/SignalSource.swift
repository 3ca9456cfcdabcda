internal import CShims
internal import Glibc

/// Signals as something to wait for (signalfd(2)). They are blocked for the process as long as it lives.
@EventLoop package final class SignalSource: EventSource {
    private let descriptor: FileDescriptor
    private let wakeup = Wakeup()
    private var mayRead = false

    package init(_ signals: [Int32]) throws(SystemError) {
        descriptor = try FileDescriptor("signalfd", unsafe ocm_signalfd(signals, signals.count))
        let number = descriptor.number
        super.init()
        try EventLoop.poller.add(self, fd: number, [.readable, .edgeTriggered])
    }

    /// Has signals wait for a source that is to come.
    package nonisolated static func hold(_ signals: [Int32]) {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in signals { unsafe sigaddset(&set, signal) }
        unsafe sigprocmask(SIG_BLOCK, &set, nil)
    }

    /// The number of the next signal.
    package func next() async throws(WaitError) -> Int32 {
        while true {
            while !mayRead { try await wakeup.wait() }
            var information = signalfd_siginfo()
            let size = MemoryLayout<signalfd_siginfo>.size
            if unsafe read(descriptor.number, &information, size) == size { return Int32(information.ssi_signo) }
            mayRead = false
        }
    }

    override package func becameReady(_ readiness: Readiness) {
        mayRead = true
        wakeup.signal()
    }
}
