internal import OCMEventLoop
internal import OCMIPC

/// The worker's end of the channel to its supervisor, be it the one that started it or a later one.
@EventLoop final class SupervisorLink {
    private var channel: Channel<WorkerMessage, SupervisorMessage>
    /// Neither side has failed so far.
    private(set) var isConnected = true
    /// The supervisor expects nothing but what a hello begins with.
    private var awaitsHello = false
    /// Called when messages that have waited are all on their way.
    var whenRoom: () -> Void = {} {
        didSet { channel.whenRoom = whenRoom }
    }

    init(channel: Channel<WorkerMessage, SupervisorMessage>) {
        self.channel = channel
    }

    /// Goes on with another supervisor. What waited for the one before is dropped with its channel.
    func reconnect(_ channel: Channel<WorkerMessage, SupervisorMessage>) {
        self.channel.close()
        self.channel = channel
        channel.whenRoom = whenRoom
        isConnected = true
        awaitsHello = true
    }

    /// The supervisor has said who it is.
    func meet(_ neighbour: Neighbour) {
        channel.peer = neighbour
    }

    /// Messages wait for room, or for their turn: what can wait elsewhere should.
    var isCongested: Bool { awaitsHello || channel.backlog > 0 }

    /// Sends or queues; false where there is no supervisor any more, or it does not know this worker yet.
    @discardableResult
    func send(_ message: WorkerMessage, descriptors: [Int32] = []) -> Bool {
        if case .hello = message { awaitsHello = false }
        guard isConnected, !awaitsHello else { return false }
        do throws(IPCError) {
            try channel.send(message, descriptors: descriptors)
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
}
