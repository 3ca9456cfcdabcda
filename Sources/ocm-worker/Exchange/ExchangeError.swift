internal import OCMHTTP

/// Why an exchange ended before its time.
enum ExchangeError: Error {
    case clientGone
    case malformedRequest(HTTPError)
    /// The client sent no body bytes for too long.
    case bodyStalled
    /// The client took no bytes for too long.
    case clientStalled
    /// The API's connection ended, failed, or was never there.
    case upstreamFailed(String)
    case malformedResponse(HTTPError)
    case upstreamSilent
    /// There is an answer for it.
    case refused(ErrorResponse)
    /// The exchange was told to end: the drain's deadline.
    case cancelled
    /// Its user is none any more.
    case revoked
}
