import LoopTestSupport
import OCMEventLoop
import OCMTLS
import Testing

@testable import ocm_worker

@Suite struct UserTableTests {
    private func digest(_ token: String) -> SHA256Digest { SHA256Digest(of: token.utf8Span.span) }

    @Test func whoKeepsNameAndTokenIsTheSameAndKeepsTheCount() throws {
        try onLoop {
            let table = UserTable([("alice", digest("a")), ("bob", digest("b"))])
            let alice = try #require(table.user(of: digest("a")))
            alice.openRequests = 2
            let next = table.replaced(by: [("zoe", digest("z")), ("alice", digest("a"))])
            #expect(next.user(of: digest("a")) === alice)
            #expect(next.permits(alice) && !alice.isRevoked)
        }
    }

    @Test func whoIsRemovedOrHasAnotherTokenOrNameIsRevoked() throws {
        try onLoop {
            let table = UserTable([("alice", digest("a")), ("bob", digest("b")), ("carol", digest("c"))])
            let before = try ["a", "b", "c"].map { try #require(table.user(of: digest($0))) }
            let next = table.replaced(by: [("alice", digest("other")), ("robert", digest("b"))])
            #expect(before.allSatisfy { $0.isRevoked && !next.permits($0) })
            #expect(next.user(of: digest("c")) == nil)
            let robert = try #require(next.user(of: digest("b")))
            #expect(robert !== before[1] && next.permits(robert))
        }
    }

    @Test func withoutUsersEveryoneMayGoOnAndWithThemNobodyUnnamed() throws {
        try onLoop {
            let table = UserTable([("alice", digest("a"))])
            let alice = try #require(table.user(of: digest("a")))
            let open = table.replaced(by: [])
            #expect(open.isEmpty && open.permits(alice) && open.permits(nil))
            let again = open.replaced(by: [("alice", digest("a"))])
            #expect(!again.permits(alice) && !again.permits(nil))
        }
    }

    /// One that stopped at the first match would find the first user a thousand times as fast as the last.
    @Test func theTimeTakenToFindAUserSaysNothing() throws {
        try onLoop {
            let digests = (0..<20_000).map { digest("t\($0)") }
            let table = UserTable(digests.enumerated().map { ("u\($0.offset)", $0.element) })
            let asked = [digests[0], digests[10_000], digests[19_999], digest("nobody's")]
            var fastest = Array(repeating: Duration.seconds(1), count: asked.count)
            for _ in 0..<50 {
                for (index, digest) in asked.enumerated() {
                    let start = ContinuousClock.now
                    _ = table.user(of: digest)
                    fastest[index] = min(fastest[index], ContinuousClock.now - start)
                }
            }
            let (least, most) = (try #require(fastest.min()), try #require(fastest.max()))
            #expect(most < least * 2, "\(fastest)")
        }
    }
}
