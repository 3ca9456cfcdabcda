extension Form where Value == NumericAddress {
    /// An IP literal to listen on or to bind to.
    static var address: Form {
        Form(string: { text throws(Misfit) in
            guard let address = NumericAddress(text) else {
                let remedy =
                    text.hasPrefix("[")
                    ? "write it without brackets"
                    : "write an IP address, such as \"127.0.0.1\", \"::1\" or \"fe80::1%eth0\""
                throw Misfit("\(text.quoted) is not an IP address; \(remedy)")
            }
            if address.isIPv6, address.zone == nil, address.bytes[0] == 0xfe, address.bytes[1] & 0xc0 == 0x80 {
                throw Misfit("\(text.quoted) is a link-local address; add its interface: \("\(text)%eth0".quoted)")
            }
            return address
        })
    }
}

extension Form where Value == AddressRange {
    /// "10.0.0.0/8", or one address. Bits behind the prefix are cleared.
    static var addressRange: Form {
        Form(string: { text throws(Misfit) in
            let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
            guard let literal = parts.first, let address = NumericAddress(literal), address.zone == nil else {
                throw Misfit(
                    "\(text.quoted) is not an address or a range; write it like \"10.0.0.1\" or \"10.0.0.0/8\"")
            }
            let bits = address.bytes.count * 8
            guard parts.count == 2 else { return AddressRange(address, prefix: bits) }
            guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let prefix = Int(parts[1]), prefix <= bits
            else {
                throw Misfit("\(text.quoted) has no valid prefix; write a number from 0 to \(bits) behind the \"/\"")
            }
            return AddressRange(address, prefix: prefix)
        })
    }
}

extension AddressRange {
    init(_ address: NumericAddress, prefix: Int) {
        let bytes = address.bytes.enumerated().map { index, byte in
            let kept = min(max(prefix - index * 8, 0), 8)
            return byte & ~UInt8(truncatingIfNeeded: 0xff >> kept)
        }
        self.init(network: NumericAddress(bytes: bytes, zone: nil), prefix: prefix)
    }

    /// Whether the address is of the range; an IPv4 address matches IPv4 ranges only.
    func contains(_ address: NumericAddress) -> Bool {
        address.bytes.count == network.bytes.count
            && AddressRange(address, prefix: prefix).network.bytes == network.bytes
    }
}

extension Form where Value == BaseURL {
    /// An http or https URL without user, query and fragment (RFC 3986); http goes to loopback only.
    static var baseURL: Form {
        Form(string: { text throws(Misfit) in
            guard let url = BaseURL(parsing: text) else {
                throw Misfit(
                    "is not a base URL; write it like \"https://api.openai.com\", without user, query and fragment")
            }
            guard url.isEncrypted || url.isLoopback else {
                throw Misfit("sends the login in the clear; use https, which only a loopback address may do without")
            }
            return url
        })
    }
}
