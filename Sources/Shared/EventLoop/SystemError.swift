internal import Glibc

/// A system call that failed: which, and why.
package struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Name of the call, as in its man page.
    package let call: StaticString
    /// The error number of errno(3).
    package let code: Int32

    package init(_ call: StaticString, _ code: Int32 = errno) {
        self.call = call
        self.code = code
    }

    /// For people: `connect: Connection refused`.
    package var description: String {
        "\(call): \(unsafe String(cString: strerror(code)))"
    }

    /// Another socket has the address.
    package var isAddressInUse: Bool { code == EADDRINUSE }

    /// The process or the system has too few descriptors, ports or memory: time may help.
    package var isExhaustion: Bool {
        [EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL].contains(code)
    }

    package static func == (left: SystemError, right: SystemError) -> Bool {
        left.code == right.code && left.call.description == right.call.description
    }
}
