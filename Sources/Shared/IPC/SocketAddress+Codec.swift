package import OCMEventLoop

extension SocketAddress {
    package func encode(into encoder: inout MessageEncoder) {
        switch self {
        case .v4(let address, let port):
            encoder.put(UInt8(4))
            encoder.put(address)
            encoder.put(port)
        case .v6(let high, let low, let port, let scope):
            encoder.put(UInt8(6))
            encoder.put(high)
            encoder.put(low)
            encoder.put(port)
            encoder.put(scope)
        case .unix(let path):
            encoder.put(UInt8(1))
            encoder.put(path)
        }
    }

    package init(from decoder: inout MessageDecoder) throws(IPCError) {
        switch try decoder.take(UInt8.self) {
        case 4: self = .v4(address: try decoder.take(), port: try decoder.take())
        case 6:
            self = .v6(
                high: try decoder.take(), low: try decoder.take(), port: try decoder.take(), scope: try decoder.take())
        case 1: self = .unix(path: try decoder.takeString("path", atMost: 107))
        default: throw .invalid(field: "address family")
        }
    }
}
