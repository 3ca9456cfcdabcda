internal import OCMEventLoop

/// A sign-in: the way to the user's agreement, the tokens for it, the tokens into the file.
@EventLoop struct SignIn {
    let server: OAuthServer
    let file: LoginFile
    /// Tells the user what to do and what is the matter meanwhile.
    let tell: @EventLoop (Notice) -> Void

    enum Notice {
        /// An API key stands where the login will.
        case replacesKey(path: String)
        case openLink(String)
        case enterCode(String, page: String)
        /// A browser came with the answer to another sign-in.
        case foreignAnswer
        /// The login is there, but can't be saved: it is tried again for some minutes.
        case notSavedYet(path: String, SaveProblem)
    }

    /// How long what can't be written is kept in memory and tried again.
    private static let patience = Duration.seconds(10 * 60)

    /// In a browser that reaches this machine's loopback address.
    func browse() async throws(LoginFailure) -> Tokens {
        try probe()
        let key = ProofKey.random()
        let state = RandomText.make(byteCount: 32)
        let callbacks = try CallbackServer(state: state, until: EventLoop.now + SignInTime.limit) {
            tell(.foreignAnswer)
        }
        tell(
            .openLink(
                server.authorization(
                    redirect: CallbackServer.redirect, challenge: key.challenge, state: state.string ?? "")))
        let arrival = try await callbacks.next()
        callbacks.close()
        do throws(LoginFailure) {
            let tokens = try await exchange(arrival.request, key)
            await arrival.connection.answer(.signedIn)
            return tokens
        } catch {
            await arrival.connection.answer(.failed(error))
            throw error
        }
    }

    private func exchange(_ request: CallbackRequest, _ key: ProofKey) async throws(LoginFailure) -> Tokens {
        switch request {
        case .granted(let code):
            try await finish(code: code, verifier: key.verifier, redirect: CallbackServer.redirect)
        case .refused(let refusal): throw .denied(refusal)
        case .foreign, .malformed, .elsewhere: throw .incomplete
        }
    }

    /// With a code that the user enters in a browser on any machine.
    func enterCode() async throws(LoginFailure) -> Tokens {
        try probe()
        let deadline = EventLoop.now + SignInTime.limit
        let device = try await server.deviceAuthorization()
        tell(.enterCode(device.userCode, page: server.url(DeviceAuthorization.page).text))
        let grant = try await grant(for: device, until: deadline)
        return try await finish(
            code: grant.code, verifier: grant.verifier, redirect: server.url(DeviceAuthorization.callback).text)
    }

    private func grant(
        for device: DeviceAuthorization, until deadline: Instant
    ) async throws(LoginFailure) -> DeviceAuthorization.Grant {
        var polling = DevicePolling(interval: device.interval, until: deadline)
        var next = EventLoop.now + device.interval
        while true {
            do throws(WaitError) { try await EventLoop.sleep(until: next) } catch { throw .expired }
            switch await ask(for: device, &polling) {
            case .ask(let moment): next = moment
            case .end(let result): return try result.get()
            }
        }
    }

    private func ask(for device: DeviceAuthorization, _ polling: inout DevicePolling) async -> DevicePolling.Step {
        do throws(LoginFailure) {
            let answer = try await server.grant(for: device)
            return polling.answered(answer, at: .now)
        } catch {
            return polling.unreachable(error, at: .now)
        }
    }

    /// Found out before the user takes the trouble.
    private func probe() throws(LoginFailure) {
        let target = file.file.target
        do throws(SaveProblem) { try file.probe() } catch { throw .unwritable(path: target, error) }
        if case .file(let found) = file.file.read(), case .apiKey = found.login { tell(.replacesKey(path: target)) }
    }

    /// The lock is taken before the exchange: tokens that an OCM that runs has got meanwhile are older than these, and
    /// it finds these when it next looks.
    private func finish(code: Secret, verifier: Secret, redirect: String) async throws(LoginFailure) -> Tokens {
        let target = file.file.target
        do throws(SaveProblem) { try LoginFile.makeDirectory(of: target) } catch {
            throw .unwritable(path: target, error)
        }
        let lock = await CredentialLock.wait(for: target)
        let tokens = try await server.tokens(code: code, verifier: verifier, redirect: redirect)
        try await save(tokens, target)
        _ = consume lock
        return tokens
    }

    /// Tokens that have been issued are not let go because a disk is full: whoever reads the message can make room.
    private func save(_ tokens: Tokens, _ target: String) async throws(LoginFailure) {
        let deadline = EventLoop.now + Self.patience
        var isTold = false
        while true {
            do throws(SaveProblem) {
                return try file.save(tokens)
            } catch {
                if !isTold { tell(.notSavedYet(path: target, error)) }
                isTold = true
                if EventLoop.now >= deadline { throw .notSaved(path: target, error) }
            }
            do throws(WaitError) { try await EventLoop.sleep(for: .seconds(1)) } catch { continue }
        }
    }
}
