/// How much a worker has open at a moment.
package struct WorkerLoad: Equatable, Sendable {
    /// Connections of clients.
    package var connections: UInt32
    /// Requests whose answers are not whole yet.
    package var exchanges: UInt32

    package init(connections: UInt32, exchanges: UInt32) {
        self.connections = connections
        self.exchanges = exchanges
    }

    func encode(into encoder: inout MessageEncoder) {
        encoder.put(connections)
        encoder.put(exchanges)
    }

    init(from decoder: inout MessageDecoder) throws(IPCError) {
        connections = try decoder.take()
        exchanges = try decoder.take()
    }
}
