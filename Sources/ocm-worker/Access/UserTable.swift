internal import OCMTLS

/// The users of a service by the digests of their tokens.
struct UserTable: Sendable {
    let names: [String]
    private let digests: [SHA256Digest]

    init(_ users: [(name: String, digest: SHA256Digest)]) {
        names = users.map(\.name)
        digests = users.map(\.digest)
    }

    /// Without users nobody is asked for a token.
    var isEmpty: Bool { names.isEmpty }

    /// The user whose token has this digest. It is compared with all of them, so that the time taken says nothing.
    func index(of digest: SHA256Digest) -> Int? {
        var found = -1
        for index in digests.indices where digests[index] == digest { found = index }
        return found < 0 ? nil : found
    }
}
