internal import OCMEventLoop

/// What all connections of the worker share: whether it drains, how many there are, who fails to log in.
@EventLoop final class Lifecycle {
    private(set) var drainStart: Instant?
    var failures = FailureRecord()
    /// The number of the request that came last. Where they begin is each worker's own.
    private var lastRequest = UInt64(UInt32.random(in: 0...UInt32.max)) << 32
    private var connections: [ObjectIdentifier: (connection: ClientConnection, task: Task<Void, Never>)] = [:]
    private var perAddress: [String: Int] = [:]
    /// Signalled when the last connection ends, or a drain gets another deadline.
    private let emptied = Wakeup()
    /// When what is open is cut.
    private(set) var deadline = Instant.never

    var isDraining: Bool { drainStart != nil }

    var connectionCount: Int { connections.count }

    /// A number for a request, which no other has.
    func numberRequest() -> UInt64 {
        lastRequest &+= 1
        return lastRequest
    }

    /// Requests whose answers are not whole yet.
    var exchangeCount: Int { connections.values.count { $0.connection.exchange != nil } }

    func connectionCount(of address: String) -> Int { perAddress[address] ?? 0 }

    /// Serves a connection in a task of its own.
    func start(_ connection: ClientConnection) {
        let id = ObjectIdentifier(connection)
        let task = EventLoop.spawn { [self] in
            await connection.serve()
            connections[id] = nil
            leave(connection.address)
            if connections.isEmpty { emptied.signal() }
        }
        connections[id] = (connection, task)
        perAddress[connection.address, default: 0] += 1
    }

    private func leave(_ address: String) {
        guard let count = perAddress[address] else { return }
        perAddress[address] = count == 1 ? nil : count - 1
    }

    /// Ends idle connections and waits for the others, which are cut at the deadline, see ``move(_:)``.
    func drain() async {
        drainStart = EventLoop.now
        for (connection, _) in connections.values { connection.noteDrain() }
        while !connections.isEmpty {
            do throws(WaitError) {
                try await emptied.wait(until: self.deadline)
            } catch {
                for (_, task) in connections.values { task.cancel() }
                try? await emptied.wait(until: EventLoop.now + .seconds(1))
                return
            }
        }
    }

    /// Cuts the exchanges of users who are none any more.
    func cutRevoked() {
        for (connection, task) in connections.values where connection.exchange?.isRevoked == true { task.cancel() }
    }

    /// Gives the drain that is to begin its deadline, or the one under way another.
    func move(_ deadline: Instant) {
        self.deadline = deadline
        emptied.signal()
    }
}
