internal import OCMEventLoop

/// What all connections of the worker share: whether it drains, how many there are, who fails to log in.
@EventLoop final class Lifecycle {
    private(set) var drainStart: Instant?
    var failures = FailureRecord()
    private var connections: [ObjectIdentifier: (connection: ClientConnection, task: Task<Void, Never>)] = [:]
    private var perAddress: [String: Int] = [:]
    /// Signalled when the last connection ends, or a drain gets another deadline.
    private let emptied = Wakeup()
    /// When what is open is cut.
    private(set) var deadline = Instant.never

    var isDraining: Bool { drainStart != nil }

    var connectionCount: Int { connections.count }

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

    /// Ends idle connections and waits for the others, which are cut at the deadline.
    func drain(until deadline: Instant) async {
        drainStart = EventLoop.now
        self.deadline = deadline
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

    /// Gives the drain under way another deadline.
    func move(_ deadline: Instant) {
        self.deadline = deadline
        emptied.signal()
    }
}
