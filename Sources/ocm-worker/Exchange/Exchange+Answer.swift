internal import Logging
internal import OCMEventLoop
internal import OCMHTTP
internal import OCMTLS

extension Exchange {
    /// Ends an exchange that failed: with an answer of our own as long as none has begun, else with a cut.
    func answer(_ failure: ExchangeError) async -> Ending {
        let error = isRevoked ? ExchangeError.revoked : failure
        log(error)
        switch error {
        case .clientGone, .clientStalled: return .cut
        default: break
        }
        if downlink.hasAnswered { return await endEarly() }
        var response = ErrorResponse(error)
        // What is left of the request's body would be taken for the next request.
        if !uplink.isRead { response.closes = true }
        var output: [UInt8] = []
        response.write(answering: request.method, into: &output)
        guard await client.writeAll(output, until: EventLoop.now.after(nanoseconds: service.bounds.writeStall)) else {
            return .cut
        }
        ownAnswer = (response.status, output.count)
        return response.closes || !request.keepsAlive ? .closes : .keepsAlive
    }

    /// The client gets what there was, and can tell that it is not all.
    private func endEarly() async -> Ending {
        guard downlink.isSelfDelimited, (try? await settleUsage()) != nil else { return .cut }
        while downlink.isBlocked {
            let deadline = downlink.outlet.stallEnd(service.bounds.writeStall)
            do {
                if try downlink.flush(to: client) { break }
                try await client.writable(until: deadline)
            } catch {
                return .cut
            }
        }
        return .closes
    }

    private func log(_ error: ExchangeError) {
        switch error {
        case .upstreamFailed(let reason):
            service.logger.warning("the API failed", metadata: service.facts(of: trace, reason))
        case .malformedResponse(let reason):
            service.logger.warning("the API's answer is malformed", metadata: service.facts(of: trace, "\(reason)"))
        case .upstreamSilent:
            service.logger.warning("the API is silent", metadata: service.facts(of: trace))
        case .clientGone, .malformedRequest, .bodyStalled, .clientStalled, .cancelled, .revoked, .refused: break
        }
    }
}

extension ErrorResponse {
    /// What a client is told; detail of the API's side stays in the log.
    init(_ error: ExchangeError) {
        switch error {
        case .malformedRequest(let reason): self.init(reason)
        case .bodyStalled:
            self.init(
                status: 408, type: "invalid_request_error", message: "the request body did not arrive in time",
                closes: true)
        case .upstreamSilent:
            self.init(status: 504, type: "api_error", message: "the API did not answer in time")
        case .refused(let response): self = response
        case .cancelled:
            self.init(
                status: 503, type: "api_error", message: "the service is restarting", retryAfter: 1, closes: true)
        case .revoked:
            self.init(
                status: 401, type: "authentication_error", message: Authorization.Refusal.unknown.message, closes: true)
        default: self.init(status: 502, type: "api_error", message: "the API could not be reached")
        }
    }

    /// The login is of no more use until its owner acts.
    static let credentialUnavailable = ErrorResponse(
        status: 400, type: "invalid_request_error", code: "credential_unavailable",
        message: "the OpenAI login of this service is refused; its owner has to sign in again")

    /// There is no room for it now.
    static let overloaded = ErrorResponse(
        status: 503, type: "api_error", code: "overloaded", message: "the service is overloaded", retryAfter: 1)

    /// Another try in a moment will do.
    static let loginRefreshing = ErrorResponse(
        status: 503, type: "api_error", code: "credential_unavailable",
        message: "the OpenAI login of this service is being refreshed", retryAfter: 1)
}

extension Transport {
    /// Writes all bytes; false where the peer is gone or takes nothing until the deadline.
    @EventLoop func writeAll(_ bytes: [UInt8], until deadline: Instant) async -> Bool {
        var written = 0
        do {
            while true {
                written += try write(bytes.span.extracting(written..<bytes.count))
                if written == bytes.count { return true }
                try await writable(until: deadline)
            }
        } catch {
            return false
        }
    }
}
