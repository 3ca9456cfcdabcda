import OCMEventLoop
import Synchronization

/// One loop a process, and tests run side by side: they take turns.
private let turn = Mutex<Void>(())

/// Runs a test's body on the event loop, on the calling thread, and hands on what it throws.
///
/// Call it from a synchronous test function.
package func onLoop(_ body: @escaping @EventLoop @Sendable () async throws -> Void) throws {
    try turn.withLock { _ in
        let outcome = Mutex<(any Error)?>(nil)
        EventLoop.run {
            do {
                try await body()
            } catch {
                outcome.withLock { $0 = error }
            }
        }
        if let failure = outcome.withLock({ $0 }) { throw failure }
    }
}
