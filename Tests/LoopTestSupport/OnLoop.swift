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

/// As ``onLoop(_:)``, with what the body returns.
package func valueOnLoop<Value: Sendable>(_ body: @escaping @EventLoop @Sendable () async throws -> Value) throws
    -> Value
{
    let value = Mutex<Value?>(nil)
    try onLoop {
        let result = try await body()
        value.withLock { $0 = result }
    }
    guard let value = value.withLock({ $0 }) else { throw NoValue() }
    return value
}

/// The loop has ended before its root.
private struct NoValue: Error {}
