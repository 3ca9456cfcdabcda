internal import OCMEventLoop

extension CredentialLock {
    /// Another process that has the lock is refreshing: some seconds. One that is stopped in the middle is not waited
    /// for longer than an exchange can take.
    private static let longestWait = Duration.seconds(90)

    /// Waits until the lock is free, and takes it. nil where there can be none, where it does not come, or where
    /// `isNeeded` says no in between.
    @EventLoop static func wait(
        for target: String, while isNeeded: @EventLoop () -> Bool = { true }
    ) async -> CredentialLock? {
        let deadline = EventLoop.now + longestWait
        while isNeeded() {
            switch attempt(for: target) {
            case .taken(let lock): return lock
            case .impossible: return nil
            case .busy: if EventLoop.now >= deadline { return nil }
            }
            do throws(WaitError) { try await EventLoop.sleep(for: .milliseconds(100)) } catch { return nil }
        }
        return nil
    }
}
