internal import OCMEventLoop
internal import OCMIPC

/// The worker's end of the channel to its supervisor.
@EventLoop final class SupervisorLink {
    private let channel: Channel<WorkerMessage, SupervisorMessage>
    /// Neither side has failed so far.
    private(set) var isConnected = true

    init(channel: Channel<WorkerMessage, SupervisorMessage>) {
        self.channel = channel
    }

    /// Messages wait for room: what can wait elsewhere should.
    var isCongested: Bool { channel.backlog > 0 }

    /// Sends or queues; false where there is no supervisor any more.
    @discardableResult
    func send(_ message: WorkerMessage) -> Bool {
        guard isConnected else { return false }
        do throws(IPCError) {
            try channel.send(message)
            return true
        } catch {
            isConnected = false
            return false
        }
    }

    /// The next message; nil when the supervisor is gone or has said something that it may not.
    func receive() async -> Channel<WorkerMessage, SupervisorMessage>.Received? {
        guard isConnected else { return nil }
        if let received = try? await channel.receive() { return received }
        isConnected = false
        return nil
    }

    func close() {
        isConnected = false
        channel.close()
    }
}
