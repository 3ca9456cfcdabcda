import Glibc
import Logging
import OCMEventLoop

/// What the program before this one, in the same process, has handed over: each part is given away once, to whoever goes on
/// with it.
@EventLoop final class Inheritance {
    let handover: Handover
    private var listeners: [Handover.Listener]
    private var adminSocket: Handover.AdminSocket?
    private var rendezvous: Int32?

    init(_ handover: Handover) {
        self.handover = handover
        listeners = handover.listeners
        adminSocket = handover.adminSocket
        rendezvous = handover.rendezvous
        ChildProcess.adopt(handover.children)
    }

    /// The listening sockets, which belong to the caller.
    func takeListeners() -> [Handover.Listener] {
        defer { listeners = [] }
        return listeners
    }

    /// The operator's socket, if it is the one at this path.
    func takeAdminSocket(at path: String) -> Handover.AdminSocket? {
        guard adminSocket?.path == path else { return nil }
        defer { adminSocket = nil }
        return adminSocket
    }

    /// The workers' directory, if it is this one.
    func takeRendezvous(sameAs directory: borrowing FileDescriptor) -> FileDescriptor? {
        var (own, wanted) = (stat(), stat())
        guard let number = rendezvous, unsafe fstat(number, &own) == 0, unsafe fstat(directory.number, &wanted) == 0,
            own.st_dev == wanted.st_dev, own.st_ino == wanted.st_ino
        else { return nil }
        rendezvous = nil
        return FileDescriptor(owning: number)
    }

    /// Reaps the children that are nobody's concern any more, as they end.
    ///
    /// - Parameter known: those that somebody waits for.
    func reapChildren(besides known: Set<Int32>) {
        for pid in handover.children where !known.contains(pid) {
            // The loop keeps the watch until the end comes. What can't be watched is no child any more.
            _ = try? ChildProcess(watching: pid)
        }
    }

    /// Closes what nobody has taken, at the end of the start.
    func close() {
        for listener in takeListeners() { Glibc.close(listener.descriptor) }
        if let adminSocket {
            // The configuration names another one: whoever looks here is to find nothing.
            var status = stat()
            if unsafe lstat(adminSocket.path, &status) == 0, adminSocket.isFile(status) {
                unsafe unlink(adminSocket.path)
            }
            Glibc.close(adminSocket.descriptor)
        }
        if let rendezvous { Glibc.close(rendezvous) }
        (adminSocket, rendezvous) = (nil, nil)
    }
}

extension Handover.AdminSocket {
    func isFile(_ status: stat) -> Bool {
        UInt64(status.st_dev) == device && UInt64(status.st_ino) == inode
    }
}
