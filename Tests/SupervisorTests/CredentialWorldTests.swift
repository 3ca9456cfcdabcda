import Glibc
import Testing

@testable import ocm_supervisor

@Suite("The life of a credential, at random")
struct CredentialWorldTests {
    private static let isFull = getenv("OCM_TEST_FULL") != nil

    @Test(
        "whatever happens: one exchange at a time, no spent token, no token lost, workers told what holds",
        arguments: UInt64(1)...(isFull ? 200 : 12))
    func rough(seed: UInt64) {
        var world = CredentialWorld(seed: seed, isRough: true)
        world.live(disturbances: Self.isFull ? 300 : 60)
        #expect(world.counts["refreshed", default: 0] > 3)
        #expect(world.counts["refreshed elsewhere", default: 0] > 0)
        #expect(world.counts["killed", default: 0] > 2)
        #expect(world.counts["copied", default: 0] + world.counts["restored", default: 0] > 0)
    }

    @Test(
        "while nothing fails but access tokens, and another process refreshes too, there is always a credential",
        arguments: UInt64(1)...(isFull ? 100 : 6))
    func gentle(seed: UInt64) {
        var world = CredentialWorld(seed: seed + 1000, isRough: false)
        world.live(disturbances: Self.isFull ? 300 : 60)
        #expect(world.counts["refreshed", default: 0] > 3)
        #expect(world.errors == 0)
    }
}
