internal import OCMEventLoop

/// The write-back.
extension CredentialStore {
    /// As often it is begun anew because the file has changed in between.
    private static let attempts = 5

    func save(_ tokens: Tokens, replacing replacement: AuthFile?) -> SaveOutcome {
        let target = file.target
        guard hasLock(for: target) else { return .busy }
        for _ in 0..<Self.attempts {
            if let outcome = attempt(tokens, target, replacement) { return outcome }
        }
        return .failed(.system(call: "rename", text: "the file keeps changing"))
    }

    /// nil where the file has changed between reading and replacing it.
    private func attempt(_ tokens: Tokens, _ target: String, _ replacement: AuthFile?) -> SaveOutcome? {
        switch CredentialFile(path: target).open() {
        case .failure(.unreadable(let text)): return .failed(.damaged(text))
        case .failure: return .missing
        case .success(let opened):
            switch base(in: opened.reading, replacement) {
            case .decided(let outcome): return outcome
            case .text(let base): return write(base.text(with: tokens), to: target, in: opened)
            }
        }
    }

    private enum Base {
        /// What the tokens go into.
        case text(AuthFile)
        case decided(SaveOutcome)
    }

    private func base(in reading: FileReading, _ replacement: AuthFile?) -> Base {
        switch reading {
        case .missing: return .decided(.missing)
        case .unreadable(let text): return .decided(.failed(.damaged(text)))
        case .damaged(let fault):
            return replacement.map { .text($0) } ?? .decided(.failed(.damaged("\(fault)")))
        case .file(let file):
            switch state.standing(of: file) {
            case .same: return .decided(.saved(file))
            case .newer: return .decided(.superseded(file))
            case .older: return .text(file)
            }
        }
    }

    private func write(_ text: Secret, to target: String, in opened: consuming CredentialFile.Opened) -> SaveOutcome? {
        do throws(SaveProblem) {
            guard try CredentialFile.replace(target, opened, with: text) else { return nil }
        } catch {
            return .failed(error)
        }
        replaced = consume opened
        replacements += 1
        let number = replacements
        EventLoop.spawn { await self.lookBack(number) }
        switch CredentialFile.parse(text) {
        case .file(let file): return .saved(file)
        case .missing, .damaged, .unreadable: return .failed(.damaged("what was written can't be read"))
        }
    }

    /// Whoever had the old file open for writing when it was replaced has written into a file without a name. If that
    /// is newer, it gets its name back.
    private func lookBack(_ replacement: Int) async {
        for delay in [Duration.milliseconds(100), .milliseconds(400), .milliseconds(1500)] {
            do { try await EventLoop.sleep(for: delay) } catch { return }
            // A later write-back has a look of its own.
            guard replacement == replacements else { return }
            guard let number = replaced?.descriptor.number,
                let text = try? CredentialFile.contents(of: number, atMost: AuthFile.maximumSize + 1),
                case .file(let late) = CredentialFile.parse(text), state.standing(of: late) == .newer
            else { continue }
            restore(late)
        }
        replaced = nil
    }

    private func restore(_ late: AuthFile) {
        let target = file.target
        let wasLocked = lock != nil
        guard hasLock(for: target) else { return }
        defer { if !wasLocked { lock = nil } }
        guard case .success(let current) = CredentialFile(path: target).open(),
            case .file(let file) = current.reading, state.standing(of: file) != .newer,
            (try? CredentialFile.replace(target, current, with: late.text)) == true
        else { return }
        look()
    }
}
