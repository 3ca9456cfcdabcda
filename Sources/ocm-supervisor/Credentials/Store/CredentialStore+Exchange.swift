internal import Glibc
internal import OCMEventLoop

/// The way of a refresh: the lock, what an earlier process left, the file once more, then the child.
extension CredentialStore {
    func prepare() async {
        let target = file.target
        // Without a lock things go on: it is advisory.
        if lock == nil, let taken = await CredentialLock.wait(for: target, while: { lock == nil && !isStopping }) {
            lock = consume taken
        }
        guard !isStopping else { return }
        let (recovered, areAllRead) = await recoveredAnswers(for: target)
        // `stop` has let go of the lock: what follows is the next supervisor's.
        guard !isStopping else { return }
        let prepared = PreparedRefresh(
            reading: file.read(), recovered: recovered, hasUnreadCopies: !areAllRead,
            foreignOwner: foreignOwner(of: target))
        perform(state.prepared(prepared, at: .now))
    }

    /// The user that the file belongs to, where we could not write it without taking it from them.
    private func foreignOwner(of target: String) -> UInt32? {
        var status = stat()
        guard geteuid() != 0, unsafe stat(target, &status) == 0, status.st_uid != geteuid() else { return nil }
        return status.st_uid
    }

    func exchange(_ tokens: Tokens, isUrgent: Bool) async -> ExchangeResult {
        guard let refresh = tokens.refresh else { return .failure(.failed(.start, "there is no refresh token")) }
        let target = file.target
        let order = ExchangeOrder(
            endpoint: settings.endpoint, refreshToken: refresh, copy: RecoveryCopy.newPath(for: target),
            isUrgent: isUrgent, trust: settings.trust, deadlines: settings.deadlines)
        let patience = Duration.milliseconds(settings.deadlines.total) + .seconds(15)
        if let result = await ask(.ask(order), within: patience) { return result }
        // The child died without a word: its answer may have got as far as the disk.
        let kept = await recoveredAnswers(for: target).answers
        for recovered in kept where recovered.spent == refresh.digest {
            if let answer = recovered.answer { return .success(answer) }
        }
        return .failure(.failed(.start, "the child process gave no answer"))
    }

    /// nil where the child gave no answer that makes sense.
    func ask(_ question: ExchangeQuestion, within patience: Duration) async -> ExchangeResult? {
        var call = ChildCall(program: settings.program, command: "oauth-exchange")
        call.outlivesParent = true
        if let number = lock?.descriptor.number { call.descriptors = [number] }
        do throws(ChildFailure) {
            let answer = try await call.answer(
                to: question.message.encoded, limit: ChildMessage.maximumSize, until: EventLoop.now + patience)
            return ChildMessage.result(answer)
        } catch {
            if case .system(let error) = error { return .failure(.failed(.start, "\(error)")) }
            return nil
        }
    }
}
