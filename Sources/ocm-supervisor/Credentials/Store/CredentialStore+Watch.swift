internal import OCMEventLoop

/// When the file is looked at.
extension CredentialStore {
    /// The file is read when it has been left alone for so long,
    private static let quiet = Duration.milliseconds(100)
    /// or has been changing for so long.
    private static let longestUnrest = Duration.seconds(1)
    /// Whatever the watches say, the file is looked at so often: some file systems do not tell, and a link may lead
    /// elsewhere, or nowhere, without a change beside it.
    private static let lookout = Duration.seconds(5)
    /// So often it is asked where the path leads now.
    private static let wayCheck = Duration.seconds(5)
    /// The same where it is a link: it may be turned to another directory at any time.
    private static let linkCheck = Duration.seconds(1)

    /// Watches the directory that `directory` names at the time, for ever.
    func watch(_ directory: @escaping @EventLoop () -> String) async {
        while !Task.isCancelled {
            do {
                try await watchOnce(directory(), while: directory)
            } catch WaitError.cancelled {
                return
            } catch {
                // There is no such directory now, or no watch to be had.
                try? await EventLoop.sleep(for: .seconds(2))
            }
            noteChange()
        }
    }

    /// Where the file is a link into another directory, its target is watched there.
    func watchTarget() async {
        let own = CredentialFile.directory(of: file.path)
        while !Task.isCancelled {
            let directory = CredentialFile.directory(of: file.target)
            if directory == own {
                try? await EventLoop.sleep(for: Self.wayCheck)
            } else {
                try? await watchOnce(directory, checkingEvery: Self.linkCheck) {
                    CredentialFile.directory(of: self.file.target)
                }
                noteChange()
                try? await EventLoop.sleep(for: .milliseconds(500))
            }
        }
    }

    private func watchOnce(
        _ directory: String, checkingEvery interval: Duration = CredentialStore.wayCheck,
        while current: @EventLoop () -> String
    ) async throws {
        let watch = try FileWatch(directory: directory)
        defer { watch.close() }
        // Whatever happened before there was a watch.
        noteChange()
        while current() == directory {
            do throws(WaitError) {
                let changes = try await watch.changes(until: EventLoop.now + interval)
                if changes.isLost { return }
                if changes.names.contains(where: { concerns($0) }) { noteChange() }
            } catch {
                if error == .cancelled { throw error }
            }
        }
    }

    /// Beside a link anything may be part of its way; a file is told by its name.
    private func concerns(_ name: String) -> Bool {
        let target = file.target
        if name.hasPrefix(CredentialFile.prefix(for: target)) { return false }
        return target != file.path || name == CredentialFile.name(of: target)
    }

    private func noteChange() {
        let now = Instant.now
        let first = firstChange ?? now
        firstChange = first
        readDue = min(now + Self.quiet, first + Self.longestUnrest)
        clock.signal()
    }

    /// Waits for whatever is next, for ever.
    func keepTime() async {
        while true {
            do throws(WaitError) {
                try await clock.wait(until: nextEvent())
            } catch {
                if error == .cancelled { return }
            }
            tick()
        }
    }

    private func nextEvent() -> Instant {
        let now = Instant.now
        var next = min(now + Self.lookout, readDue ?? .never)
        // The wall clock may be set: it is asked again as often.
        if let wakeUp = state.wakeUp { next = min(next, now + (wakeUp - Timestamp.now)) }
        // Nothing is so urgent that a mistake should keep the loop busy.
        return max(next, now + .milliseconds(5))
    }

    private func tick() {
        if let readDue {
            if readDue <= .now { look() }
        } else if file.signature != lastSeen {
            look()
        }
        if let wakeUp = state.wakeUp, wakeUp <= .now { perform(state.timerFired(at: .now)) }
    }
}
