internal import OCMHTTP

/// Which paths are metered, read as the API may read them: with percent-encodings decoded, empty segments left out, and
/// without a segment's parameters. There is no way of writing a path that leads around the meter.
enum MeteredPath {
    /// How the answer to a POST to a path, with or without a query, states its usage; nil where there is none to be counted.
    static func api(of path: Span<UInt8>) -> ResponseMeter.API? {
        var segments = PathSegments(path)
        guard segments.next(), segments.isSegment("v1"), segments.next() else { return nil }
        if segments.isSegment("responses") {
            // The response that is cancelled was counted by the request that made it, if at all.
            return segments.next() && segments.next() && segments.isSegment("cancel") && !segments.next()
                ? nil : .responses
        }
        guard segments.isSegment("chat"), segments.next(), segments.isSegment("completions") else { return nil }
        return .chatCompletions
    }
}
