import CShims
import Glibc
import OCMEventLoop
import OCMIPC

/// How it gets from one program to the next: in a sealed memory file, whose number stands in a variable.
extension Handover {
    static let variable = "OCM_HANDOVER"

    /// Takes what was handed over to this process, if anything was. Before it has a child: the variable is gone
    /// afterwards, and what was handed over close-on-exec again.
    static func receive() throws(HandoverError) -> Handover? {
        guard let value = unsafe getenv(variable).map({ unsafe String(cString: $0) }) else { return nil }
        unsafe unsetenv(variable)
        guard let number = Int32(value), number > 2, ocm_is_sealed(number) == 1 else { throw .absent(value) }
        let memory = FileDescriptor(owning: number)
        let handover = try Handover(encoded: try contents(of: memory))
        try handover.claim(besides: number)
        for descriptor in handover.unknown { close(descriptor) }
        return handover
    }

    private static func contents(of memory: borrowing FileDescriptor) throws(HandoverError) -> [UInt8] {
        var status = stat()
        guard unsafe fstat(memory.number, &status) == 0, status.st_size <= sizeAtMost else {
            throw .malformed(.tooLarge(field: "handover", size: Int(status.st_size)))
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        let count = unsafe pread(memory.number, &bytes, bytes.count, 0)
        guard count == bytes.count else { throw .unreadable(SystemError("pread")) }
        return bytes
    }

    /// Whoever has a number here owns the descriptor: each must be open, what it is said to be, and there once.
    private func claim(besides memory: Int32) throws(HandoverError) {
        var seen: Set<Int32> = [0, 1, 2, memory]
        for descriptor in descriptors {
            guard seen.insert(descriptor).inserted else { throw .repeated(descriptor: descriptor) }
            guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
                throw .notAsSaid(what: "an open file", descriptor: descriptor)
            }
        }
        for listener in listeners where !Self.isListening(listener.descriptor) {
            throw .notAsSaid(what: "the listener of \(listener.service)", descriptor: listener.descriptor)
        }
        if let adminSocket, !Self.isListening(adminSocket.descriptor) {
            throw .notAsSaid(what: "the admin socket", descriptor: adminSocket.descriptor)
        }
        if let rendezvous, !Self.isLockedDirectory(rendezvous) {
            throw .notAsSaid(what: "the locked directory of the workers", descriptor: rendezvous)
        }
    }

    private static func isListening(_ number: Int32) -> Bool {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return unsafe getsockopt(number, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value == 1
    }

    /// A lock belongs to the open file, so this one may take it once more, and another open file may not (flock(2)).
    private static func isLockedDirectory(_ number: Int32) -> Bool {
        var status = stat()
        guard unsafe fstat(number, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return false }
        return flock(number, LOCK_EX | LOCK_NB) == 0
    }

    /// The memory file.
    func memory() throws(SystemError) -> FileDescriptor {
        let bytes = encoded
        return try FileDescriptor("memfd_create", unsafe ocm_sealed_memfd("ocm-handover", bytes, bytes.count))
    }
}
