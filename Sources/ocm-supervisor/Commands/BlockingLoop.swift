import ArgumentParser
import OCMEventLoop

/// The loop for a command that has nothing else to do.
@EventLoop final class BlockingLoop<Value: Sendable> {
    private var value: Value?

    private nonisolated init() {}

    /// Runs what is made for the loop, and blocks until it has returned.
    nonisolated static func run(_ body: @escaping @EventLoop @Sendable () async -> Value) throws(ExitCode) -> Value {
        let loop = BlockingLoop()
        EventLoop.run { loop.value = await body() }
        // The loop does not end before.
        guard let value = EventLoop.assumeIsolated({ loop.value }) else { throw .failure }
        return value
    }
}
