internal import OCMEventLoop
internal import OCMHTTP
internal import OCMIPC
internal import OCMTLS

/// One request and its response, from the head that was read to the last byte that was written.
@EventLoop final class Exchange: ReadinessHandler {
    /// What becomes of the client's connection.
    enum Ending {
        /// The next request may come.
        case keepsAlive
        /// It is closed once the client has had time to read.
        case closes
        /// It is cut, so that nobody takes what came for all.
        case cut
        /// It is a WebSocket from now on.
        case switched(WebSocketRelay)
    }

    let service: Service
    let request: Request
    let client: Transport
    /// Where the client is, for the log.
    let address: String
    var trace: RequestTrace?
    let wakeup: Wakeup
    /// Bytes behind the request that were read with it: the beginning of the next.
    var input: [UInt8] = []

    var uplink: Uplink
    var downlink: Downlink
    /// An answer that is not the API's: its status and bytes.
    var ownAnswer: (status: Int, count: Int)?
    /// What the connection is after the exchange, where it was one for that.
    private var relay: WebSocketRelay?
    private(set) var failure: ExchangeError?
    private var share = BufferShare()
    /// The API's connection, while bytes move.
    private var upstream: Transport?
    /// Until when the task waits.
    private var awaited = Instant.never
    /// What was moved while the task waited has led to something that it has to see to.
    private var outcome: Result<Downlink.Progress, ExchangeError>?
    private var route: Route
    private let isDraining: () -> Bool

    init(
        _ request: Request, of service: Service, by route: Route, uplink: Uplink, client: Transport,
        from address: String, isDraining: @escaping () -> Bool
    ) {
        self.request = request
        self.service = service
        self.client = client
        self.address = address
        self.route = route
        self.uplink = uplink
        self.isDraining = isDraining
        wakeup = client.wakeup
        downlink = Downlink(request: request, service: service, credential: route.generation)
    }

    /// The users have changed, and who began this is none of them any more.
    var isRevoked: Bool { !service.users.permits(request.user) }

    /// A waiting connection that the API has closed fails this soon; one that fails later may have failed over the request
    /// itself, which then is not for us to repeat.
    private static let staleTime = Duration.seconds(2)

    /// Serves the request to its end, whatever that is.
    func run() async -> Ending {
        defer {
            uplink.finish(service.buffers)
            share.update(0, of: service.buffers)
            if relay == nil {
                service.end(request)
                service.access?.note(AccessLine(self))
            }
        }
        do throws(ExchangeError) {
            try await serve()
            if let relay { return .switched(relay) }
            return downlink.keepsAlive && uplink.isRead ? .keepsAlive : .closes
        } catch {
            failure = isRevoked ? .revoked : error
            return await answer(error)
        }
    }

    /// A connection that waited may have been closed by the API under the request: then, once, a new one is tried. So it
    /// is, once, with a new credential where the API has refused the one that it got.
    private func serve() async throws(ExchangeError) {
        var mayReuse = true
        var mayHeal = true
        while true {
            let connection = try await connection(mayReuse: mayReuse)
            do throws(ExchangeError) {
                switch try await relay(on: connection) {
                case .answered: return finish(connection)
                case .switched:
                    guard uplink.isSent else { throw .upstreamFailed("switched protocols before the request") }
                    relay = WebSocketRelay(self, api: connection.transport)
                    return
                case .rejected: break
                }
            } catch {
                connection.transport.close()
                guard case .upstreamFailed = error, connection.isReused, mayReuse, !downlink.hasBegun,
                    uplink.isReplayable, EventLoop.now - uplink.lastProgress < Self.staleTime
                else { throw error }
                mayReuse = false
                if request.upgrade == nil {
                    uplink.rewind()
                } else {
                    uplink.replaceRouteFields(with: fields(of: route))
                }
                downlink.restart()
                continue
            }
            connection.transport.close()
            guard mayHeal else { throw .refused(.credentialUnavailable) }
            mayHeal = false
            try await heal()
        }
    }

    private func connection(mayReuse: Bool) async throws(ExchangeError) -> UpstreamConnection {
        if mayReuse, let connection = route.pool.take(for: wakeup) { return connection }
        countBuffers()
        do throws(UpstreamError) {
            return try await route.pool.dial(for: wakeup)
        } catch .cancelled {
            throw .cancelled
        } catch .exhausted(let reason) {
            service.noteExhaustion(reason)
            throw .refused(.overloaded)
        } catch {
            throw .upstreamFailed(error.description)
        }
    }

    private enum Outcome {
        case answered, switched
        /// The API refuses the credential.
        case rejected
    }

    /// Moves bytes both ways until the response is whole.
    private func relay(on connection: UpstreamConnection) async throws(ExchangeError) -> Outcome {
        upstream = connection.transport
        outcome = nil
        wakeup.handler = self
        defer {
            wakeup.handler = nil
            upstream = nil
        }
        while true {
            switch try next(connection.transport) {
            case .finished: return .answered
            case .rejected: return .rejected
            case .switched: return .switched
            case .busy: try await giveWay()
            case .holding: try await settleUsage()
            case .waiting:
                if client.isHungUp { throw .clientGone }
                try await wait()
            }
        }
    }

    /// Moves bytes from one side to the other in the turn in which they come.
    func handleReadiness() -> Bool {
        guard let upstream, !client.isHungUp else { return false }
        do throws(ExchangeError) {
            let progress = try move(upstream)
            // The task looks again by itself: something else may have become ready by then.
            if case .waiting = progress { return deadline >= awaited }
            outcome = .success(progress)
        } catch {
            outcome = .failure(error)
        }
        return false
    }

    private func next(_ upstream: Transport) throws(ExchangeError) -> Downlink.Progress {
        guard let outcome else { return try move(upstream) }
        self.outcome = nil
        return try outcome.get()
    }

    /// Moves what can be moved now. Not inlined: its memory would be the exchange's for as long as that lives.
    @inline(never) private func move(_ upstream: Transport) throws(ExchangeError) -> Downlink.Progress {
        let isBusy = try uplink.pump(from: client, to: upstream, budget: service.buffers, input: &input)
        let progress = try downlink.pump(
            from: upstream, to: client, budget: service.buffers, model: uplink.model,
            mayKeepAlive: uplink.isRead && !isDraining())
        if downlink.hasAnswered { uplink.forgetReplay(service.buffers) }
        countBuffers()
        guard case .waiting = progress else { return progress }
        if isBusy { return .busy }
        return downlink.metering.handover.isHolding ? .holding : .waiting
    }

    private func countBuffers() {
        let count = uplink.held + downlink.held + input.count
        share.update(max(count, BufferBudget.least), of: service.buffers)
    }

    private func giveWay() async throws(ExchangeError) {
        await EventLoop.yield()
        if Task.isCancelled { throw .cancelled }
        if client.isHungUp { throw .clientGone }
    }

    /// Waits, for a moment at most, until the usage that the held-back bytes complete is on its way.
    @inline(never) func settleUsage() async throws(ExchangeError) {
        guard let record = downlink.metering.handover.unsettled else { return }
        do throws(WaitError) {
            try await service.reporter.handOver(record)
            downlink.metering.handover.settle()
        } catch {
            throw .cancelled
        }
    }

    private func wait() async throws(ExchangeError) {
        do throws(WaitError) {
            awaited = deadline
            try await wakeup.wait(until: awaited)
        } catch {
            if error == .cancelled { throw .cancelled }
            // What has moved meanwhile has moved the deadline.
            if deadline <= EventLoop.now { throw overdue }
        }
    }

    /// Until when something has to move.
    private var deadline: Instant {
        let bounds = service.bounds
        var deadline = Instant.never
        if downlink.isBlocked {
            deadline = downlink.outlet.stallEnd(bounds.writeStall)
        } else if uplink.isSettled || downlink.hasBegun {
            let last = max(downlink.lastReceived, uplink.lastProgress)
            deadline = last.after(nanoseconds: bounds.upstreamSilence)
        }
        if !uplink.isSettled {
            let stall =
                uplink.isBlocked
                ? uplink.lastProgress.after(nanoseconds: bounds.writeStall)
                : uplink.stallStart.after(nanoseconds: bounds.bodyStall)
            deadline = min(deadline, stall)
        }
        return deadline
    }

    /// What it is that did not move.
    private var overdue: ExchangeError {
        if downlink.isBlocked { return .clientStalled }
        return uplink.isSettled || uplink.isBlocked ? .upstreamSilent : .bodyStalled
    }

    private func finish(_ connection: UpstreamConnection) {
        if downlink.upstreamKeepsAlive, uplink.isSent {
            route.pool.put(connection)
        } else {
            connection.transport.close()
        }
    }

    /// What the head has of a route; a WebSocket's key is a new one with each connection (RFC 6455 section 4.1).
    private func fields(of route: Route) -> [UInt8] {
        guard let upgrade = request.upgrade else { return route.fields }
        var fields = route.fields
        upgrade.writeOffer(into: &fields)
        return fields
    }

    /// Waits for a new credential and makes the request ready to be sent with it.
    private func heal() async throws(ExchangeError) {
        let deadline = EventLoop.now + .seconds(20)
        guard let newer = await service.routeAfterRejection(of: route.generation, until: deadline) else {
            throw .refused(service.isBeyondHealing ? .credentialUnavailable : .loginRefreshing)
        }
        guard uplink.isReplayable, newer.leadsWhere(route) else { throw .refused(.loginRefreshing) }
        uplink.replaceRouteFields(with: fields(of: newer))
        route = newer
        downlink.metering.credential = newer.generation
        downlink.restart()
    }
}
