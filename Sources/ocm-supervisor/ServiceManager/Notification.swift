import OCMEventLoop

/// A message to the service manager, as sd_notify(3) takes it: lines of `NAME=value`.
struct Notification: Equatable {
    let text: String

    private init(_ lines: [String]) {
        text = lines.joined(separator: "\n")
    }

    static func ready(status: String) -> Notification {
        Notification(["READY=1", statusLine(status)])
    }

    /// The time tells the manager whether a later READY=1 answers this.
    static func reloading(at now: Instant) -> Notification {
        Notification(["RELOADING=1", "MONOTONIC_USEC=\(now.nanoseconds / 1000)"])
    }

    static func stopping(status: String) -> Notification {
        Notification(["STOPPING=1", statusLine(status)])
    }

    static func status(_ line: String) -> Notification {
        Notification([statusLine(line)])
    }

    static func failed(_ reason: String, code: Int32?) -> Notification {
        Notification([statusLine(reason)] + (code.map { ["ERRNO=\($0)"] } ?? []))
    }

    static let alive = Notification(["WATCHDOG=1"])

    /// The manager is to wait for so long until it hears this again.
    static func extended(by duration: Duration) -> Notification {
        let (seconds, attoseconds) = duration.components
        return Notification(["EXTEND_TIMEOUT_USEC=\(seconds * 1_000_000 + attoseconds / 1_000_000_000_000)"])
    }

    /// Goes with one descriptor. FDPOLL=0: what is readable, or hung up, is kept all the same.
    static func stored(as name: String) -> Notification {
        Notification(["FDSTORE=1", "FDNAME=\(name)", "FDPOLL=0"])
    }

    static func forgotten(_ name: String) -> Notification {
        Notification(["FDSTOREREMOVE=1", "FDNAME=\(name)"])
    }

    /// One line, whatever is in it.
    private static func statusLine(_ text: String) -> String {
        "STATUS=" + Printable.line(text)
    }
}
