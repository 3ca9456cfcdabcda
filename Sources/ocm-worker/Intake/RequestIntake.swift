internal import OCMEventLoop
internal import OCMHTTP
internal import OCMIPC

/// What a head that was read leads to.
enum RequestIntake {
    case exchange(Exchange)
    case refused(Refusal)

    /// A class, so that what waits for a request has no room for it.
    @EventLoop final class Refusal {
        let response: ErrorResponse
        let method: Method
        let user: User?
        /// The token is to be held against the address.
        let isFailedToken: Bool
        var trace: RequestTrace?

        init(response: ErrorResponse, method: Method, user: User? = nil, isFailedToken: Bool = false) {
            self.response = response
            self.method = method
            self.user = user
            self.isFailedToken = isFailedToken
        }
    }
}

extension ClientConnection {
    /// Decides on a request whose head is complete, and takes what has come of its body.
    ///
    /// Runs without suspension: head and bytes are those of the shared buffers.
    func admit(_ head: RequestHead, _ bytes: Span<UInt8>, from offset: Int) -> RequestIntake {
        let trace = RequestTrace(head, of: bytes, headBytes: offset, number: lifecycle.numberRequest())
        switch decide(head, bytes, from: offset) {
        case .exchange(let exchange):
            exchange.trace = trace
            return .exchange(exchange)
        case .refused(let refusal):
            // What follows a refused request that has no body is the next request.
            if !refusal.response.closes { input.append(bytes, offset..<bytes.count) }
            refusal.trace = trace
            return .refused(refusal)
        }
    }

    private func decide(_ head: RequestHead, _ bytes: Span<UInt8>, from offset: Int) -> RequestIntake {
        let path = bytes.extracting(head.path)
        if let refusal = refusalOfPath(head, path) { return refuse(head, refusal) }
        let user: User?
        switch Authorization(head, in: bytes, users: service.users) {
        case .granted(let granted): user = granted
        case .refused(let reason):
            let response = ErrorResponse(
                status: 401, type: "authentication_error", message: reason.message, closes: true)
            return .refused(
                RequestIntake.Refusal(response: response, method: head.method, isFailedToken: reason == .unknown))
        }
        guard let route = service.route else { return refuse(head, unavailable) }
        if !route.takesChatCompletions, MeteredPath.api(of: path) == .chatCompletions {
            return refuse(
                head,
                ErrorResponse(
                    status: 400, type: "invalid_request_error",
                    message: "chat completions endpoint is only available in API key mode"))
        }
        do throws(HTTPError) {
            return try begin(head, bytes, from: offset, user: user, route)
        } catch {
            return refuse(head, ErrorResponse(error))
        }
    }

    private func begin(
        _ head: RequestHead, _ bytes: Span<UInt8>, from offset: Int, user: User?, _ route: Route
    ) throws(HTTPError) -> RequestIntake {
        let upgrade: WebSocketUpgrade?
        do throws(WebSocketOpening.Refusal) {
            upgrade = try asksForWebSocket(head, bytes) ? WebSocketUpgrade(WebSocketOpening(head, of: bytes)) : nil
        } catch {
            return refuse(head, error.response, user: user)
        }
        let body = try BodyReader(head.framing, limit: service.bounds.body)
        let request = Request(head, in: bytes, user: user, upgrade: upgrade)
        var uplink = Uplink(
            head: try ForwardedHead(head, of: bytes, by: route, replaced: service.replaced, upgrade: upgrade),
            body: body,
            meter: request.api == nil ? nil : RequestMeter(),
            expectsContinue: head.expectsContinue && offset == bytes.count, replayLimit: replayLimit(head.framing))
        let end = try uplink.take(bytes, from: offset, budget: service.buffers)
        guard service.begin(request) else {
            uplink.finish(service.buffers)
            return refuse(head, upgrade == nil ? .tooManyRequests : .tooManyWebSockets, user: user)
        }
        let exchange = Exchange(
            request, of: service, by: route, uplink: uplink, client: transport, from: address,
            isDraining: { [lifecycle] in lifecycle.isDraining })
        exchange.input.append(bytes, end..<bytes.count)
        return .exchange(exchange)
    }

    /// A body that is announced as larger is not kept at all.
    private func replayLimit(_ framing: BodyFraming) -> Int {
        if case .length(let length) = framing, length > UInt64(service.bounds.replayBody) { return 0 }
        return service.bounds.replayBody
    }

    private func refusalOfPath(_ head: RequestHead, _ path: Span<UInt8>) -> ErrorResponse? {
        switch RequestTarget.check(path) {
        case .accepted: break
        case .elsewhere:
            return ErrorResponse(status: 404, type: "invalid_request_error", message: "path must start with /v1/")
        case .dotSegment:
            return ErrorResponse(status: 400, type: "invalid_request_error", message: "path has dot segments")
        case .backslash:
            return ErrorResponse(status: 400, type: "invalid_request_error", message: "path has a backslash")
        case .controlCharacter:
            return ErrorResponse(status: 400, type: "invalid_request_error", message: "path has a control character")
        }
        guard service.bounds.webSockets || !head.offersWebSocket else {
            return ErrorResponse(
                status: 426, type: "invalid_request_error", code: "websockets_unavailable",
                message: "WebSocket is not available here; use HTTP")
        }
        return nil
    }

    /// Where there is nothing for WebSocket, an upgrade is passed over, as a server may (RFC 9110 section 7.8).
    private func asksForWebSocket(_ head: RequestHead, _ bytes: Span<UInt8>) -> Bool {
        head.offersWebSocket && MeteredPath.api(of: bytes.extracting(head.path)) == .responses
    }

    private var unavailable: ErrorResponse {
        let (reason, retryAfter) = service.unavailable
        let message: String
        switch reason {
        case .absent: message = "the OpenAI login of this service is missing"
        case .refreshFailing: message = "the OpenAI login of this service can't be refreshed at the moment"
        // Time alone heals nothing: a client that was told to come back later would do so for ever.
        case .signInNeeded: return .credentialUnavailable
        }
        return ErrorResponse(
            status: 503, type: "api_error", code: "credential_unavailable", message: message,
            retryAfter: UInt64(max(1, retryAfter)))
    }

    /// The connection can go on only if the request has no body, which would be taken for the next request.
    private func refuse(_ head: RequestHead, _ response: ErrorResponse, user: User? = nil) -> RequestIntake {
        var response = response
        if head.framing != .none || !head.keepsAlive || head.version != .http11 || lifecycle.isDraining {
            response.closes = true
        }
        return .refused(RequestIntake.Refusal(response: response, method: head.method, user: user))
    }
}

extension ErrorResponse {
    fileprivate static let tooManyRequests = ErrorResponse(
        status: 503, type: "api_error", code: "too_many_requests", message: "this user has too many requests open",
        retryAfter: 1)

    fileprivate static let tooManyWebSockets = ErrorResponse(
        status: 503, type: "api_error", code: "too_many_websockets", message: "this user has too many WebSockets open",
        retryAfter: 1)
}
