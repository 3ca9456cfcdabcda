internal import OCMEventLoop
internal import OCMHTTP
internal import OCMIPC

/// The way to the API with one credential: where to, and what each request gets on top.
@EventLoop final class Route {
    /// The credential's.
    let generation: UInt64
    let pool: UpstreamPool
    /// Stands before the path that the client asked for.
    let prefix: [UInt8]
    /// How much of the client's path is left out: `/v1` in ChatGPT mode.
    let omitted: Int
    /// In ChatGPT mode there are no chat completions.
    let takesChatCompletions: Bool
    /// The fields that every request gets, ready to be appended.
    let fields: [UInt8]

    /// Whether requests made for the other way can go this one with other fields.
    func leadsWhere(_ other: Route) -> Bool {
        pool === other.pool && prefix == other.prefix && omitted == other.omitted
    }

    init(
        _ credential: CredentialState.Credential, to endpoint: WorkerConfiguration.Endpoint, pool: UpstreamPool,
        overrides: [Field]
    ) throws(HTTPError) {
        generation = credential.generation
        self.pool = pool
        prefix = Array(endpoint.path.utf8)
        omitted = credential.mode == .chatGPT ? 3 : 0
        takesChatCompletions = credential.mode == .apiKey
        var fields: [UInt8] = []
        HeadWriter.field(try Field(name: "host", value: endpoint.authority), into: &fields)
        HeadWriter.field("accept-encoding", "identity", into: &fields)
        for field in overrides { HeadWriter.field(field, into: &fields) }
        let token = credential.token.withBytes { bytes in
            String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
        }
        HeadWriter.field(try Field(name: "authorization", value: "Bearer \(token)"), into: &fields)
        if !credential.accountID.isEmpty {
            HeadWriter.field(try Field(name: "chatgpt-account-id", value: credential.accountID), into: &fields)
        }
        self.fields = fields
    }
}

extension WorkerConfiguration.Endpoint {
    /// As it stands in Host: without the scheme's own port.
    fileprivate var authority: String {
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return port == (usesTLS ? 443 : 80) ? name : "\(name):\(port)"
    }
}
