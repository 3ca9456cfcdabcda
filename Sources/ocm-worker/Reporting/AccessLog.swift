internal import Glibc
internal import Logging
internal import OCMEventLoop
internal import OCMLogging

/// A line for each request. Lines gather, and are written together: what each costs is its making, not a system call.
@EventLoop final class AccessLog {
    private var writer: LogRecordWriter
    private let outlet: LogOutlet
    private let logger: Logger
    private var isWaiting = false
    private var dropped = 0

    /// Lines wait for so long, or until there are so many bytes.
    private static let patience = Duration.milliseconds(100)
    private static let gathered = 8192

    static let worker = UInt64(getpid())

    init(_ setting: LogSetting, logger: Logger) {
        writer = LogRecordWriter(form: setting.form, hasTime: setting.hasTime, identifier: LogSetting.identifier)
        outlet = setting.outlet
        self.logger = logger
    }

    func note(_ line: AccessLine) {
        line.write(to: &writer)
        if writer.bytes.count >= Self.gathered {
            flush()
        } else if !isWaiting {
            isWaiting = true
            EventLoop.spawn { [self] in
                try? await EventLoop.sleep(for: Self.patience)
                isWaiting = false
                flush()
            }
        }
    }

    /// Writes what has gathered. What the log does not take at once is counted, and told when it takes some again.
    func flush() {
        guard !writer.ends.isEmpty else { return }
        let lost = outlet.write(writer.bytes.span, ends: writer.ends)
        let hasRoom = lost < writer.ends.count
        writer.removeAll()
        dropped += lost
        guard dropped > 0, hasRoom else { return }
        logger.warning("requests are missing in the log, it takes no more", metadata: ["requests": "\(dropped)"])
        dropped = 0
    }
}
