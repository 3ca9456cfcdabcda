internal import CShims
internal import OCMEventLoop

/// What all connections of the worker share: whether it drains, how many there are, who fails to log in.
@EventLoop final class Lifecycle {
    private(set) var drainStart: Instant?
    var failures = FailureRecord()
    /// The number of the request that came last. Where they begin is each worker's own.
    private var lastRequest = UInt64(UInt32.random(in: 0...UInt32.max)) << 32
    private var connections: [ObjectIdentifier: Occupant] = [:]
    private var perBlock: [AddressBlock: Int] = [:]
    let buffers: BufferBudget
    /// The most connections that there were since memory was last given back.
    private var peak = 0
    private var isGivingBack = false
    /// Signalled when the last connection ends, or a drain gets another deadline.
    private let emptied = Wakeup()
    /// When what is open is cut.
    private(set) var deadline = Instant.never

    /// Asked for before the first connection: what the system is asked later, it may refuse.
    private let descriptorCeiling = DescriptorCeiling.number

    init(buffers: BufferBudget) {
        self.buffers = buffers
    }

    var isDraining: Bool { drainStart != nil }

    var connectionCount: Int { connections.count }

    /// A number for a request, which no other has.
    func numberRequest() -> UInt64 {
        lastRequest &+= 1
        return lastRequest
    }

    /// Requests whose answers are not whole yet, and WebSockets on which a response is under way.
    var exchangeCount: Int { connections.values.count { $0.isServing } }

    /// Requests that were open when a drain came to its deadline.
    private(set) var cutCount = 0

    /// What there is too little of for one more connection. Nil where there is room, which is taken then: ``start(_:)`` has
    /// to follow.
    func scarcity(for block: AddressBlock, on socket: StreamSocket, _ bounds: Bounds) -> Scarcity? {
        if connections.count >= bounds.connections { return .connections }
        if bounds.connectionsPerAddress < .max {
            // Who comes by a Unix socket has no address of its own: all of a proxy's clients would be one.
            if case .user = block {
            } else if perBlock[block] ?? 0 >= bounds.connectionsPerAddress {
                return .connectionsOfAddress
            }
        }
        if socket.number >= descriptorCeiling { return .descriptors }
        return buffers.admit() ? nil : .memory
    }

    /// Serves a connection in a task of its own.
    func start(_ connection: ClientConnection) {
        let id = ObjectIdentifier(connection)
        let task = EventLoop.spawn { [self] in
            if let relay = await connection.serve() {
                connections[id] = nil
                start(relay, from: connection.block)
            } else {
                end(id, connection.block)
            }
        }
        connections[id] = .connection(connection, task)
        perBlock[connection.block, default: 0] += 1
        peak = max(peak, connections.count)
    }

    /// Serves what a connection has become. Its task is a new one: all that the way here has left of the old one's memory,
    /// a WebSocket would have for as long as it lives.
    private func start(_ relay: WebSocketRelay, from block: AddressBlock) {
        let id = ObjectIdentifier(relay)
        relay.noteChange()
        if isDraining { relay.noteDrain() }
        if isDraining, deadline <= EventLoop.now { relay.cut() }
        EventLoop.spawn { [self] in
            await relay.run()
            end(id, block)
        }
        connections[id] = .webSocket(relay)
    }

    // Not inlined, so that the tasks have no room for what it needs.
    @inline(never) private func end(_ id: ObjectIdentifier, _ block: AddressBlock) {
        connections[id] = nil
        leave(block)
        if connections.isEmpty { emptied.signal() }
    }

    private func leave(_ block: AddressBlock) {
        buffers.release(BufferBudget.least)
        if let count = perBlock[block] { perBlock[block] = count == 1 ? nil : count - 1 }
        if peak >= Self.floodCount, connections.count * 4 <= peak, !isGivingBack { giveBack() }
    }

    /// Many connections have ended: what they had is free in the heap, between what is still there.
    private func giveBack() {
        isGivingBack = true
        EventLoop.spawn { [self] in
            try? await EventLoop.sleep(for: Self.settlingTime)
            isGivingBack = false
            peak = connections.count
            ocm_return_free_memory()
        }
    }

    // What few connections sent ahead of their requests can be as much as what many have.
    private static let floodCount = 16
    private static let settlingTime = Duration.seconds(1)

    /// Ends idle connections and waits for the others, which are cut at the deadline, see ``move(_:)``.
    func drain() async {
        drainStart = EventLoop.now
        for occupant in connections.values { occupant.noteDrain() }
        while !connections.isEmpty {
            do throws(WaitError) {
                try await emptied.wait(until: self.deadline)
            } catch {
                cutCount = exchangeCount
                for occupant in connections.values { occupant.cancel() }
                try? await emptied.wait(until: EventLoop.now + .seconds(1))
                return
            }
        }
    }

    /// The configuration has changed: cuts what users have open who are none any more.
    func noteChange() {
        for occupant in connections.values { occupant.noteChange() }
    }

    /// Gives the drain that is to begin its deadline, or the one under way another.
    func move(_ deadline: Instant) {
        self.deadline = deadline
        emptied.signal()
    }
}
