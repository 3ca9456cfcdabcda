import Glibc

/// An IPv4 or IPv6 address, with a zone where IPv6 has one (RFC 4007).
struct NumericAddress: Hashable, Sendable {
    /// 4 or 16 bytes in network order.
    let bytes: [UInt8]
    /// The name or number of an interface, IPv6 only.
    let zone: String?

    static let loopback = NumericAddress(bytes: [127, 0, 0, 1], zone: nil)

    init(bytes: [UInt8], zone: String?) {
        self.bytes = bytes
        self.zone = zone
    }

    /// `nil` unless the text is a literal: "127.0.0.1", "::1", "fe80::1%eth0".
    init?(_ text: String) {
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        guard let literal = parts.first else { return nil }
        if literal.utf8.contains(UInt8(ascii: ":")) {
            let zone = parts.count > 1 ? String(parts[1]) : nil
            guard zone.map(Self.isInterface) ?? true, let bytes = Self.bytes(of: literal, family: AF_INET6, count: 16)
            else { return nil }
            self.init(bytes: bytes, zone: zone)
        } else {
            guard parts.count == 1, let bytes = Self.bytes(of: literal, family: AF_INET, count: 4) else { return nil }
            self.init(bytes: bytes, zone: nil)
        }
    }

    var isIPv6: Bool { bytes.count == 16 }

    /// The four bytes of an IPv4 address, be it written so or mapped into IPv6 (RFC 4291 section 2.5.5.2).
    private var ipv4: ArraySlice<UInt8>? {
        guard isIPv6 else { return bytes[...] }
        let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10..<12] == [0xff, 0xff]
        return isMapped ? bytes[12...] : nil
    }

    var isLoopback: Bool {
        if let ipv4 { return ipv4.first == 127 }
        return bytes[..<15].allSatisfy { $0 == 0 } && bytes[15] == 1
    }

    /// The address that stands for all of the machine's own.
    var isUnspecified: Bool {
        bytes.allSatisfy { $0 == 0 }
    }

    /// The shortest form (RFC 5952), with the zone.
    var text: String {
        let family = isIPv6 ? AF_INET6 : AF_INET
        let literal = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
            unsafe bytes.withUnsafeBytes { bytes in
                unsafe inet_ntop(family, bytes.baseAddress, buffer.baseAddress, socklen_t(buffer.count))
                    .map { unsafe String(cString: $0) } ?? ""
            }
        }
        return zone.map { "\(literal)%\($0)" } ?? literal
    }

    private static func bytes(of literal: Substring, family: Int32, count: Int) -> [UInt8]? {
        var isValid = false
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            unsafe buffer.initialize(repeating: 0)
            isValid = unsafe inet_pton(family, String(literal), buffer.baseAddress) == 1
            initialized = count
        }
        return isValid ? bytes : nil
    }

    /// The kernel's rules for the name of an interface (netdevice(7)): at most 15 bytes, no "/" and no white space.
    static func isInterface(_ name: String) -> Bool {
        (1..<Int(IFNAMSIZ)).contains(name.utf8.count) && name != "." && name != ".."
            && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ":") }
    }
}

/// Addresses that share a prefix (RFC 4632): "10.0.0.0/8", or one address.
struct AddressRange: Hashable, Sendable {
    /// The bits behind the prefix are zero.
    let network: NumericAddress
    /// 0…32 or 0…128 bits.
    let prefix: Int
}
