import OCMIPC
import Testing

@testable import ocm_supervisor

@Suite("A login's limits, as workers hear them")
struct LoginLimitsTests {
    private let now = Timestamp(seconds: 1_800_000_000)
    private let alice = LoginOwner(mode: .chatGPT, account: "team", email: "alice@example.org", generation: 10)
    private let bob = LoginOwner(mode: .chatGPT, account: "team", email: "bob@example.org", generation: 20)

    private func seen(_ used: UInt32, limit: String = "codex", generation: UInt64 = 10, secondsAgo: Int64 = 0)
        -> SeenLimits
    {
        SeenLimits(
            generation: generation, time: (now.seconds - secondsAgo) * 1000,
            limits: RateLimits(families: [.init(limit: limit, primary: .init(used: used, minutes: 300))]))
    }

    private func ofAlice(_ told: [SeenLimits]) -> LoginLimits.Current? {
        var limits = LoginLimits()
        limits.follow(alice, from: 10)
        for one in told { limits.take(one, at: now) }
        return limits.current(of: alice)
    }

    private func used(_ current: LoginLimits.Current?) -> [String: UInt32] {
        Dictionary(
            uniqueKeysWithValues: (current?.families ?? []).map { ($0.family.limit, $0.family.primary?.used ?? 0) })
    }

    @Test("the newest wins, in whatever order they are told")
    func newest() {
        let (early, late) = (seen(1, secondsAgo: 9), seen(2, secondsAgo: 3))
        for told in [[early, late], [late, early]] {
            let current = ofAlice(told)
            #expect(used(current) == ["codex": 2])
            #expect(current?.time == now - .seconds(3) && current?.families.first?.time == now - .seconds(3))
        }
    }

    @Test("each limit keeps what was last said of it, and when")
    func families() {
        let current = ofAlice([seen(1, secondsAgo: 9), seen(2, limit: "spark", secondsAgo: 3)])
        #expect(used(current) == ["codex": 1, "spark": 2])
        #expect(current?.families.map(\.time) == [now - .seconds(9), now - .seconds(3)])
    }

    @Test("credits and the active limit are the newest that were said")
    func account() {
        func with(_ limit: String, _ balance: String?, secondsAgo: Int64) -> SeenLimits {
            var one = seen(1, secondsAgo: secondsAgo)
            one.limits.activeLimit = limit
            one.limits.credits = balance.map { .init(isAvailable: true, balance: $0) }
            return one
        }
        let current = ofAlice([
            with("b", "2", secondsAgo: 2), with("a", "3", secondsAgo: 3), with("", nil, secondsAgo: 1),
        ])
        #expect(current?.activeLimit == "b" && current?.credits?.balance == "2")
        #expect(current?.time == now - .seconds(1))
    }

    @Test("another person of the same workspace begins without, and hears nothing of what the first one's token heard")
    func owner() {
        var limits = LoginLimits()
        limits.take(seen(1), at: now)
        #expect(limits.current(of: alice) == nil, "there was no login")
        limits.follow(alice, from: 10)
        limits.take(seen(1, generation: 9), at: now)
        #expect(limits.current(of: alice) == nil)
        limits.take(seen(1), at: now)
        limits.follow(alice, from: 11)
        limits.take(seen(2, limit: "late", generation: 10), at: now)
        #expect(used(limits.current(of: alice)) == ["codex": 1, "late": 2], "a refreshed token is the same owner's")
        #expect(limits.current(of: bob) == nil)
        limits.follow(bob, from: 20)
        limits.take(seen(3, generation: 19), at: now)
        #expect(limits.current(of: bob) == nil && limits.current(of: alice) == nil)
        limits.take(seen(4, generation: 20), at: now)
        #expect(used(limits.current(of: bob)) == ["codex": 4])
    }

    @Test("tokens that name nobody count as somebody else's each")
    func nobody() {
        let first = LoginOwner(mode: .chatGPT, account: nil, email: nil, generation: 1)
        #expect(first != LoginOwner(mode: .chatGPT, account: nil, email: nil, generation: 2))
        #expect(alice == LoginOwner(mode: .chatGPT, account: "team", email: "alice@example.org", generation: 11))
    }

    @Test("no time lies in the future, and a clock that was set back holds nothing up")
    func clock() {
        #expect(ofAlice([seen(1, secondsAgo: -3600)])?.time == now)
        var limits = LoginLimits()
        limits.follow(alice, from: 10)
        limits.take(seen(1), at: now)
        let earlier = now - .seconds(7200)
        limits.take(seen(2, secondsAgo: 7200), at: earlier)
        #expect(used(limits.current(of: alice)) == ["codex": 2] && limits.current(of: alice)?.time == earlier)
        limits.take(SeenLimits(generation: 10, time: .min, limits: seen(3).limits), at: now)
        #expect(used(limits.current(of: alice)) == ["codex": 2])
    }

    @Test("there are sixteen at most, the one that was heard of longest ago makes room")
    func bounded() {
        let current = ofAlice((0..<20).map { seen(UInt32($0), limit: "l\($0)", secondsAgo: 20 - Int64($0)) })
        #expect(Set(used(current).keys) == Set((4..<20).map { "l\($0)" }))
    }
}
