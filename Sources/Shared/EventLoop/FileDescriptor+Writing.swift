internal import Glibc

extension FileDescriptor {
    /// Writes all of `bytes` from where the file stands, however many calls that takes (write(2)). It blocks.
    package borrowing func writeAll(_ bytes: Span<UInt8>) throws(SystemError) {
        try Self.writeAll(bytes, to: number)
    }

    /// As ``writeAll(_:)``, to a descriptor that nobody owns, such as standard output.
    package static func writeAll(_ bytes: Span<UInt8>, to number: Int32) throws(SystemError) {
        var position = 0
        while position < bytes.count {
            let rest = bytes.extracting(droppingFirst: position)
            let count = unsafe rest.withUnsafeBytes { unsafe write(number, $0.baseAddress, $0.count) }
            if count >= 0 { position += count } else if errno != EINTR { throw SystemError("write") }
        }
    }
}
