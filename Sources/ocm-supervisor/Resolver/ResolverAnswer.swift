internal import OCMEventLoop

/// What the child that looks names up answers: `addresses` and one field for each, or what went wrong.
typealias ResolverResult = Result<[SocketAddress], ResolverError>

extension ChildMessage {
    init(_ result: ResolverResult) {
        switch result {
        case .success(let addresses):
            self.init([Secret("addresses")] + addresses.map { Secret($0.packed.span) })
        case .failure(.notFound):
            self.init([Secret("unknown")])
        case .failure(let error):
            self.init([Secret("failed"), Secret("\(error)")])
        }
    }

    /// nil for what is no answer.
    static func addresses(_ bytes: Secret) -> ResolverResult? {
        guard let fields = ChildMessage(bytes)?.fields, let kind = fields.first?.string else { return nil }
        switch (kind, fields.count) {
        case ("unknown", 1):
            return .failure(.notFound)
        case ("failed", 2):
            guard let text = fields[1].string, text.utf8.count <= 256 else { return nil }
            return .failure(.failed(text))
        case ("addresses", 2...AddressLookup.maximumAddresses + 1):
            let addresses = fields.dropFirst().compactMap { field in
                field.withBytes { bytes in SocketAddress(packed: bytes.indices.map { bytes[$0] }) }
            }
            return addresses.count == fields.count - 1 ? .success(addresses) : nil
        default:
            return nil
        }
    }
}

extension SocketAddress {
    /// The bytes of the address as on the network: 4, or 16 and 4 of the scope. The port is not part of it.
    fileprivate var packed: [UInt8] {
        switch self {
        case .v4(let address, _): Self.bytes(address)
        case .v6(let high, let low, _, let scope): Self.bytes(high) + Self.bytes(low) + Self.bytes(scope)
        case .unix: []
        }
    }

    /// With port 0; nil unless there are 4 or 20 bytes.
    fileprivate init?(packed bytes: [UInt8]) {
        switch bytes.count {
        case 4: self = .v4(address: Self.integer(bytes[...]), port: 0)
        case 20:
            self = .v6(
                high: Self.integer(bytes[..<8]), low: Self.integer(bytes[8..<16]), port: 0,
                scope: Self.integer(bytes[16...]))
        default: return nil
        }
    }

    private static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
        stride(from: number.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    private static func integer<Number: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>) -> Number {
        bytes.reduce(0) { $0 << 8 | Number($1) }
    }
}

extension SocketAddress {
    func with(port: UInt16) -> SocketAddress {
        switch self {
        case .v4(let address, _): .v4(address: address, port: port)
        case .v6(let high, let low, _, let scope): .v6(high: high, low: low, port: port, scope: scope)
        case .unix: self
        }
    }
}
