internal import CShims
internal import Glibc

/// Brings files to disk without stopping the loop: fsync(2) as an asynchronous operation of the kernel (io_submit(2)),
/// whose end an eventfd tells. It may take a failing disk minutes; nothing else in the process waits for it.
///
/// Where the kernel refuses (before 4.18, or by a filter of system calls), the loop waits in fsync(2) itself.
@safe @EventLoop package final class FileSynchronization: EventSource {
    package static let shared = FileSynchronization()

    /// Why the kernel does not do this asynchronously; nil as long as it does.
    package private(set) var refusal: SystemError?

    private var context: UInt64 = 0
    private var event: Int32 = -1
    private var waiting: [UInt64: UnsafeContinuation<Int32, Never>]
    private var started: UInt64 = 0

    /// Operations at a time; more are done by fsync(2). There is one for each ledger.
    private static let capacity: UInt32 = 64

    /// Errors that the next operation would meet too.
    private static let refusals: Set<Int32> = [EINVAL, ENOSYS, EPERM, EACCES]

    private override init() {
        unsafe waiting = [:]
        super.init()
        do throws(SystemError) {
            let descriptor = try FileDescriptor("io_setup", unsafe ocm_aio_setup(Self.capacity, &context))
            try EventLoop.poller.add(self, fd: descriptor.number, [.readable, .edgeTriggered])
            event = descriptor.release()
        } catch {
            refusal = error
        }
    }

    /// Suspends until what was written to a file, or named in a directory, is on disk. Can't be cancelled.
    ///
    /// After an error it is not known what of it is on disk, and a second call does not tell (fsync(2)): what was written
    /// has to be written again.
    package func synchronize(_ number: Int32) async throws(SystemError) {
        let code = refusal == nil ? unsafe await withUnsafeContinuation { unsafe start(number, $0) } : Self.wait(number)
        guard code == 0 else { throw SystemError("fsync", code) }
    }

    private func start(_ number: Int32, _ continuation: UnsafeContinuation<Int32, Never>) {
        started += 1
        if ocm_aio_synchronize(context, number, event, started) == 0 {
            unsafe waiting[started] = continuation
            return
        }
        let error = SystemError("io_submit")
        let code = Self.wait(number)
        // What fsync(2) says of the file too is no refusal.
        if Self.refusals.contains(error.code), error.code != code { refusal = error }
        unsafe continuation.resume(returning: code)
    }

    /// The error number, 0 for none.
    private static func wait(_ number: Int32) -> Int32 {
        fsync(number) == 0 ? 0 : errno
    }

    override package func becameReady(_ readiness: Readiness) {
        var count: UInt64 = 0
        _ = unsafe read(event, &count, MemoryLayout<UInt64>.size)
        var (cookie, result): (UInt64, Int64) = (0, 0)
        while unsafe ocm_aio_completed(context, &cookie, &result) == 1 {
            unsafe waiting.removeValue(forKey: cookie)?.resume(returning: Int32(truncatingIfNeeded: -result))
        }
    }
}
