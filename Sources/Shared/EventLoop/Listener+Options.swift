internal import Glibc

extension Listener {
    /// As ``bind(to:backlog:sharesPort:)``, where the address may overlap with those of our own listeners that are about
    /// to be closed: `0.0.0.0` with `127.0.0.1`, say.
    ///
    /// SO_REUSEPORT (socket(7)) is set for the moment in which the address is bound, on all of them. So nobody is refused in
    /// between, as it would be if they were closed first.
    package static func bind(to address: SocketAddress, besides own: [Int32]) throws(SystemError) -> FileDescriptor {
        do throws(SystemError) {
            return try bind(to: address)
        } catch {
            guard error.code == EADDRINUSE, !own.isEmpty else { throw error }
        }
        for number in own { share(number, true) }
        defer { for number in own { share(number, false) } }
        let descriptor = try bind(to: address, sharesPort: true)
        share(descriptor.number, false)
        return descriptor
    }

    /// Probes of idle connections, which accepted ones inherit (tcp(7)), in seconds; nil switches them off.
    package static func keepAlive(of number: Int32, _ probes: (idle: Int32, interval: Int32)?) {
        let size = socklen_t(MemoryLayout<Int32>.size)
        var isOn: Int32 = probes == nil ? 0 : 1
        unsafe setsockopt(number, SOL_SOCKET, SO_KEEPALIVE, &isOn, size)
        guard var (idle, interval) = probes else { return }
        unsafe setsockopt(number, Int32(IPPROTO_TCP), TCP_KEEPIDLE, &idle, size)
        unsafe setsockopt(number, Int32(IPPROTO_TCP), TCP_KEEPINTVL, &interval, size)
    }

    /// Bytes that the kernel takes ahead of what it can send, of each connection that is accepted from now on
    /// (TCP_NOTSENT_LOWAT, tcp(7)). Else a peer that reads nothing is given megabytes of the system's memory.
    package func limitUnsent(_ bytes: Int32) {
        guard let number else { return }
        var bytes = bytes
        // Of a Unix socket it can't be said, nor need it: there the kernel takes no more than its buffer holds.
        unsafe setsockopt(
            number, Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, &bytes, socklen_t(MemoryLayout<Int32>.size))
    }

    static func share(_ number: Int32, _ isShared: Bool) {
        var value: Int32 = isShared ? 1 : 0
        unsafe setsockopt(number, SOL_SOCKET, SO_REUSEPORT, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
