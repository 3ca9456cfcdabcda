internal import OCMHTTP
internal import OCMIPC
internal import OCMTLS

/// The fields that a configuration sets on every request to the API.
struct HeaderOverrides: Equatable {
    /// The fields to be set.
    private(set) var set: [Field] = []
    /// Their names, and those of fields that are only left out.
    private(set) var replaced: [Field] = []

    init(_ headers: [WorkerConfiguration.Header]) throws(HTTPError) {
        for header in headers {
            replaced.append(try Field(name: header.name, value: ""))
            for value in header.values { set.append(try Field(name: header.name, value: value)) }
        }
    }
}

extension WorkerConfiguration.Service {
    /// Its users as a table takes them.
    var identities: [(name: String, digest: SHA256Digest)] {
        users.compactMap { user in SHA256Digest(bytes: user.digest.span).map { (user.name, $0) } }
    }
}
