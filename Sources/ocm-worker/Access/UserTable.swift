internal import OCMEventLoop
internal import OCMTLS

/// A user of a service, for as long as name and token stay what they are.
@EventLoop final class User {
    nonisolated let name: String
    fileprivate nonisolated let digest: SHA256Digest
    var openRequests = 0
    var openWebSockets = 0
    /// Removed, or given another token.
    fileprivate(set) var isRevoked = false

    nonisolated init(name: String, digest: SHA256Digest) {
        self.name = name
        self.digest = digest
    }
}

/// The users of a service by the digests of their tokens.
struct UserTable: Sendable {
    private let users: [User]
    private let digests: [SHA256Digest]

    init(_ users: [(name: String, digest: SHA256Digest)]) {
        self.init(users.map { User(name: $0.name, digest: $0.digest) })
    }

    private init(_ users: [User]) {
        self.users = users
        digests = users.map(\.digest)
    }

    /// Without users nobody is asked for a token.
    var isEmpty: Bool { users.isEmpty }

    /// The user whose token has this digest. It is compared with all of them, so that the time taken says nothing.
    func user(of digest: SHA256Digest) -> User? {
        var found = -1
        for index in digests.indices where digests[index] == digest { found = index }
        return found < 0 ? nil : users[found]
    }

    /// Whether what was begun as this user, or as nobody in particular, may go on.
    @EventLoop func permits(_ user: User?) -> Bool {
        isEmpty || user?.isRevoked == false
    }

    /// The table of other users. Those who are in both under the same name with the same token are the same; the rest of
    /// this one's are revoked.
    @EventLoop func replaced(by users: [(name: String, digest: SHA256Digest)]) -> UserTable {
        var known = Dictionary(self.users.map { ($0.name, $0) }) { $1 }
        let table = UserTable(
            users.map { name, digest in
                guard let user = known[name], user.digest == digest else { return User(name: name, digest: digest) }
                known[name] = nil
                return user
            })
        for user in known.values { user.isRevoked = true }
        return table
    }
}
