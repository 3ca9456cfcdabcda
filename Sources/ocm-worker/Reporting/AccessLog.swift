internal import Glibc
internal import OCMEventLoop
internal import OCMLogging

/// A line for each request. Lines gather, and are written together: what each costs is its making, not a system call.
@EventLoop final class AccessLog {
    private var writer: LogRecordWriter
    private let outlet: LogOutlet
    private var isWaiting = false

    /// Lines wait for so long, or until there are so many bytes.
    private static let patience = Duration.milliseconds(100)
    private static let gathered = 8192

    static let worker = UInt64(getpid())

    init(_ setting: LogSetting) {
        writer = LogRecordWriter(form: setting.form, hasTime: setting.hasTime, identifier: LogSetting.identifier)
        outlet = setting.outlet
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

    /// Writes what has gathered.
    func flush() {
        outlet.write(writer)
        writer.removeAll()
    }
}
