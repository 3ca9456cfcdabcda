internal import CShims
internal import Glibc

/// Tells of changes in one directory (inotify(7)): files created, modified, renamed, deleted, their attributes changed.
@EventLoop package final class FileWatch: EventSource {
    private let descriptor: FileDescriptor
    private let wakeup = Wakeup()
    private var mayRead = false

    /// Throws ENOENT where there is no such directory, ENOSPC where the user's watches are used up.
    package init(directory: String) throws(SystemError) {
        descriptor = try FileDescriptor("inotify_init1", inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC)))
        let number = descriptor.number
        super.init()
        let mask = IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_ATTRIB
        let all = UInt32(mask) | UInt32(IN_DELETE_SELF | IN_MOVE_SELF) | UInt32(IN_ONLYDIR)
        guard unsafe inotify_add_watch(number, directory, all) >= 0 else { throw SystemError("inotify_add_watch") }
        try EventLoop.poller.add(self, fd: number, [.readable, .edgeTriggered])
    }

    /// What happened since the last call.
    package struct Changes: Sendable {
        /// Names of the files in the directory that changed, with repetitions.
        package var names: [String] = []
        /// The directory itself is gone or moved, or events were lost: look at everything again, with a new watch.
        package var isLost = false
    }

    /// Suspends until something has changed, at most until the deadline.
    package func changes(until deadline: Instant = .never) async throws(WaitError) -> Changes {
        while true {
            while !mayRead { try await wakeup.wait(until: deadline) }
            let changes = read()
            if !changes.names.isEmpty || changes.isLost { return changes }
        }
    }

    private func read() -> Changes {
        var changes = Changes()
        unsafe withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 8) { space in
            while true {
                let count = unsafe Glibc.read(descriptor.number, space.baseAddress, space.count)
                guard count > 0 else { break }
                unsafe FileWatch.parse(UnsafeRawBufferPointer(rebasing: space[..<count]), into: &changes)
            }
        }
        mayRead = false
        return changes
    }

    private static func parse(_ bytes: UnsafeRawBufferPointer, into changes: inout Changes) {
        let header = MemoryLayout<inotify_event>.size
        var offset = 0
        while offset + header <= bytes.count {
            let event = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
            let lost = UInt32(IN_Q_OVERFLOW) | UInt32(IN_DELETE_SELF) | UInt32(IN_MOVE_SELF) | UInt32(IN_IGNORED)
            if event.mask & lost != 0 { changes.isLost = true }
            let name = unsafe bytes[(offset + header)..<(offset + header + Int(event.len))].prefix { byte in byte != 0 }
            if unsafe !name.isEmpty { changes.names.append(unsafe String(decoding: name, as: UTF8.self)) }
            offset += header + Int(event.len)
        }
    }

    /// Ends the watch.
    package func close() {
        EventLoop.poller.remove(fd: descriptor.number, isShared: false)
    }

    override package func becameReady(_ readiness: Readiness) {
        mayRead = true
        wakeup.signal()
    }
}
