internal import Glibc

/// The owner of an open file descriptor; closes it at its end.
package struct FileDescriptor: ~Copyable, Sendable {
    package let number: Int32

    /// Takes over `number`, which must be open and owned by nobody else.
    package init(owning number: Int32) {
        self.number = number
    }

    /// Wraps what a system call returned: a negative number is its failure.
    package init(_ call: StaticString, _ result: Int32) throws(SystemError) {
        guard result >= 0 else { throw SystemError(call) }
        self.number = result
    }

    deinit {
        close(number)
    }

    /// Gives the descriptor away without closing it.
    package consuming func release() -> Int32 {
        let number = self.number
        discard self
        return number
    }

    /// Another descriptor for the same open file (dup(2)), close-on-exec.
    package borrowing func duplicate() throws(SystemError) -> FileDescriptor {
        try FileDescriptor("dup", fcntl(number, F_DUPFD_CLOEXEC, 0))
    }
}
