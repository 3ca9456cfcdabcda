internal import CShims
internal import Glibc

/// An address that a socket can be bound or connected to: IPv4, IPv6 or Unix (ip(7), ipv6(7), unix(7)).
package enum SocketAddress: Hashable, Sendable {
    /// Address in host byte order.
    case v4(address: UInt32, port: UInt16)
    /// The sixteen bytes as two big-endian halves, and the scope (interface index) of a link-local address, else 0.
    case v6(high: UInt64, low: UInt64, port: UInt16, scope: UInt32)
    /// A path in the file system, at most ``longestPath`` bytes; of a socket in the abstract namespace, which can only be
    /// looked at, `@` and its name; empty of one without a name.
    case unix(path: String)

    /// Bytes of a Unix socket's path: sockaddr_un has room for these and the end of the string.
    package static let longestPath = 107

    /// Reads an IP literal; IPv6 may carry a zone (`fe80::1%eth0`). Nil where it is none.
    package init?(literal: String, port: UInt16) {
        let parts = literal.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        var v4 = in_addr()
        if parts.count == 1, unsafe inet_pton(AF_INET, literal, &v4) == 1 {
            self = .v4(address: UInt32(bigEndian: v4.s_addr), port: port)
            return
        }
        var bytes = (UInt64(0), UInt64(0))
        guard unsafe inet_pton(AF_INET6, String(parts[0]), &bytes) == 1 else { return nil }
        var scope: UInt32 = 0
        if parts.count == 2 {
            scope = unsafe UInt32(parts[1]) ?? if_nametoindex(String(parts[1]))
            if scope == 0 { return nil }
        }
        self = .v6(high: UInt64(bigEndian: bytes.0), low: UInt64(bigEndian: bytes.1), port: port, scope: scope)
    }

    package var port: UInt16 {
        switch self {
        case .v4(_, let port), .v6(_, _, let port, _): port
        case .unix: 0
        }
    }

    package var isLoopback: Bool {
        switch self {
        case .v4(let address, _): address >> 24 == 127
        case .v6(let high, let low, _, _): high == 0 && (low == 1 || low >> 24 == 0xffff7f)
        case .unix: true
        }
    }

    /// AF_INET, AF_INET6 or AF_UNIX.
    package var family: Int32 {
        switch self {
        case .v4: AF_INET
        case .v6: AF_INET6
        case .unix: AF_UNIX
        }
    }

    /// The host alone, as text: `127.0.0.1`, `::1`, the path.
    package var host: String {
        switch self {
        case .v4(let address, _):
            return "\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)"
        case .v6(let high, let low, _, let scope):
            var bytes = (high.bigEndian, low.bigEndian)
            let text = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { space in
                unsafe inet_ntop(AF_INET6, &bytes, space.baseAddress, socklen_t(space.count))
                return unsafe space.baseAddress.map { unsafe String(cString: $0) } ?? ""
            }
            return scope == 0 ? text : "\(text)%\(scope)"
        case .unix(let path):
            return path
        }
    }

    /// A path that is too long, empty or has a zero byte would become another one.
    func check(for call: StaticString) throws(SystemError) {
        guard case .unix(let path) = self else { return }
        if path.utf8.count > Self.longestPath { throw SystemError(call, ENAMETOOLONG) }
        if path.isEmpty || path.utf8.contains(0) { throw SystemError(call, EINVAL) }
    }

    /// Calls `body` with the address as the socket calls take it.
    func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var storage = sockaddr_storage()
        let length = fill(&storage)
        return unsafe withUnsafePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, length) }
        }
    }

    private func fill(_ storage: inout sockaddr_storage) -> socklen_t {
        unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            let raw = UnsafeMutableRawPointer(pointer)
            switch self {
            case .v4(let address, let port):
                var value = sockaddr_in()
                value.sin_family = sa_family_t(AF_INET)
                value.sin_port = port.bigEndian
                value.sin_addr.s_addr = address.bigEndian
                unsafe raw.storeBytes(of: value, as: sockaddr_in.self)
                return socklen_t(MemoryLayout<sockaddr_in>.size)
            case .v6(let high, let low, let port, let scope):
                var value = sockaddr_in6()
                value.sin6_family = sa_family_t(AF_INET6)
                value.sin6_port = port.bigEndian
                value.sin6_scope_id = scope
                unsafe raw.storeBytes(of: value, as: sockaddr_in6.self)
                let offset = 8  // sin6_addr stands behind family, port and flow information
                unsafe raw.storeBytes(of: high.bigEndian, toByteOffset: offset, as: UInt64.self)
                unsafe raw.storeBytes(of: low.bigEndian, toByteOffset: offset + 8, as: UInt64.self)
                return socklen_t(MemoryLayout<sockaddr_in6>.size)
            case .unix(let path):
                unsafe raw.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
                let bytes = Array(path.utf8.prefix(Self.longestPath))
                let offset = MemoryLayout<sa_family_t>.size
                unsafe (raw + offset).copyMemory(from: bytes, byteCount: bytes.count)
                return socklen_t(offset + bytes.count + 1)
            }
        }
    }

    /// - Parameter length: as the kernel has stored it.
    init?(_ storage: inout sockaddr_storage, _ length: socklen_t) {
        let family = Int32(storage.ss_family)
        let parsed: SocketAddress? = unsafe withUnsafePointer(to: &storage) { pointer in
            let raw = unsafe UnsafeRawPointer(pointer)
            switch family {
            case AF_INET:
                let value = unsafe raw.load(as: sockaddr_in.self)
                return .v4(
                    address: UInt32(bigEndian: value.sin_addr.s_addr), port: UInt16(bigEndian: value.sin_port))
            case AF_INET6:
                let value = unsafe raw.load(as: sockaddr_in6.self)
                let (high, low) = unsafe (
                    raw.load(fromByteOffset: 8, as: UInt64.self), raw.load(fromByteOffset: 16, as: UInt64.self)
                )
                return .v6(
                    high: UInt64(bigEndian: high), low: UInt64(bigEndian: low),
                    port: UInt16(bigEndian: value.sin6_port), scope: value.sin6_scope_id)
            case AF_UNIX:
                let offset = MemoryLayout<sa_family_t>.size
                var name = unsafe UnsafeRawBufferPointer(start: raw, count: Int(length)).dropFirst(offset)
                guard unsafe name.first == 0 else {
                    return unsafe .unix(path: String(decoding: name.prefix { $0 != 0 }, as: UTF8.self))
                }
                unsafe name.removeFirst()
                return unsafe .unix(path: "@" + String(decoding: name, as: UTF8.self))
            default:
                return nil
            }
        }
        guard let parsed else { return nil }
        self = parsed
    }
}

extension SocketAddress: CustomStringConvertible {
    /// `127.0.0.1:8080`, `[::1]:8080`, or the path.
    package var description: String {
        switch self {
        case .v4: "\(host):\(port)"
        case .v6: "[\(host)]:\(port)"
        case .unix(let path): path
        }
    }
}
