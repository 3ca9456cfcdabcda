internal import CShims
internal import Glibc
internal import Logging
internal import OCMEventLoop

@main
struct Main {
    /// The descriptor on which the supervisor's channel comes.
    private static let channel: Int32 = 3
    /// The one on which the next supervisor can be awaited, where there is one.
    private static let rendezvous: Int32 = 4

    static func main() {
        guard fcntl(channel, F_GETFD) >= 0 else {
            print("ocm-worker is started by ocm-supervisor, not by hand")
            exit(64)
        }
        do throws(ConfinementError) {
            try Confinement.begin()
        } catch {
            LogSetting.unconfigured.logger.critical("a worker can't be confined", metadata: ["reason": "\(error)"])
            exit(1)
        }
        unsafe ocm_name_process("ocm-worker")
        ocm_return_large_buffers()
        // The terminal's and the service manager's signals are the supervisor's to act on.
        for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, SIG_IGN) }
        EventLoop.trapStrayTasks()
        // Asked before the loop opens descriptors of its own.
        let hasRendezvous = fcntl(rendezvous, F_GETFD) >= 0
        EventLoop.run {
            do {
                try await Worker(
                    channel: FileDescriptor(owning: channel),
                    rendezvous: hasRendezvous ? FileDescriptor(owning: rendezvous) : nil
                ).run()
            } catch {
                exit(1)
            }
        }
    }
}
