internal import Glibc
internal import OCMEventLoop
internal import OCMIPC

/// Where the next supervisor finds this worker, should its own be lost: a Unix socket that was bound for it before it was
/// started. It knows no path, and needs no right to any file.
///
/// Nobody is accepted as long as there is a supervisor.
@EventLoop final class Rendezvous {
    private let listener: Listener
    /// Whose user the next supervisor has to be, too.
    private let supervisor: UInt32
    private var isClosed = false

    /// - Parameters:
    ///   - descriptor: bound, not listening yet (listen(2) makes this process the one that whoever connects sees).
    ///   - supervisor: user of the supervisor that started the worker.
    init(_ descriptor: consuming FileDescriptor, supervisor: UInt32) throws(SystemError) {
        guard listen(descriptor.number, 4) == 0 else { throw SystemError("listen") }
        listener = try Listener(adopting: descriptor)
        self.supervisor = supervisor
        listener.pause()
    }

    /// The channel of the next supervisor; nil when the rendezvous is closed.
    func claim() async -> Channel<WorkerMessage, SupervisorMessage>? {
        guard !isClosed, (try? listener.resume()) != nil else { return nil }
        defer { listener.pause() }
        while !isClosed {
            do {
                try await listener.acceptable()
                if let accepted = try listener.acceptDescriptor(), try isWelcome(PeerCredentials(of: accepted)) {
                    return try Channel(adopting: accepted)
                }
            } catch is SystemError {
                // Out of descriptors or memory: some may be given back.
                listener.pause()
                guard (try? await EventLoop.sleep(for: .milliseconds(200))) != nil else { return nil }
                guard (try? listener.resume()) != nil else { return nil }
            } catch {
                return nil
            }
        }
        return nil
    }

    private func isWelcome(_ peer: PeerCredentials) -> Bool {
        peer.user == supervisor || peer.user == 0
    }

    func close() {
        isClosed = true
        listener.close()
    }
}
