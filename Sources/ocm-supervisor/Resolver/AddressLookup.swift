internal import Glibc
internal import OCMEventLoop

/// getaddrinfo(3), which blocks: for children only.
enum AddressLookup {
    /// More are of no use to anybody, and answers are to have a bound.
    static let maximumAddresses = 64

    /// In the order in which they are best tried (RFC 6724).
    static func addresses(of host: String, port: UInt16) throws(ResolverError) -> [SocketAddress] {
        if let address = SocketAddress(literal: host, port: port) { return [address] }
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let result = unsafe getaddrinfo(host, nil, &hints, &list)
        defer { if let list = unsafe list { unsafe freeaddrinfo(list) } }
        guard result == 0 else { throw failure(result) }
        var addresses: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next?.pointee, addresses.count < maximumAddresses {
            if let address = unsafe address(entry, port), !addresses.contains(address) { addresses.append(address) }
            unsafe next = entry.ai_next
        }
        guard !addresses.isEmpty else { throw .notFound }
        return addresses
    }

    /// EAI_NODATA, which the header shows to GNU programs only: the name exists, but has no address.
    private static let noData: Int32 = -5

    private static func failure(_ code: Int32) -> ResolverError {
        switch code {
        case EAI_NONAME, noData: .notFound
        case EAI_SYSTEM: .failed("\(SystemError("getaddrinfo"))")
        default: .failed(unsafe String(cString: gai_strerror(code)))
        }
    }

    private static func address(_ entry: addrinfo, _ port: UInt16) -> SocketAddress? {
        guard let raw = unsafe UnsafeRawPointer(entry.ai_addr) else { return nil }
        switch unsafe entry.ai_family {
        case AF_INET:
            let address = unsafe raw.loadUnaligned(as: sockaddr_in.self)
            return .v4(address: UInt32(bigEndian: address.sin_addr.s_addr), port: port)
        case AF_INET6:
            let address = unsafe raw.loadUnaligned(as: sockaddr_in6.self)
            let (high, low) = unsafe withUnsafeBytes(of: address.sin6_addr) { bytes in
                unsafe (bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            }
            return .v6(
                high: UInt64(bigEndian: high), low: UInt64(bigEndian: low), port: port, scope: address.sin6_scope_id)
        default:
            return nil
        }
    }
}
