internal import OCMEventLoop

/// Whom limits take for one client: an IPv4 address, the /64 of an IPv6 address, since each subscriber has one at least and
/// can use all of its addresses, or a user of this machine.
enum AddressBlock: Hashable {
    case v4(UInt32)
    case v6(UInt64)
    case user(UInt32)
    case unknown

    init(_ address: SocketAddress?) {
        switch address {
        case .v4(let address, _): self = .v4(address)
        // An IPv4 client of a socket for both (RFC 4291 section 2.5.5.2): all of them would be one block.
        case .v6(0, let low, _, _) where low >> 32 == 0xffff: self = .v4(UInt32(truncatingIfNeeded: low))
        case .v6(let high, _, _, _): self = .v6(high)
        case .unix, nil: self = .unknown
        }
    }
}
