import Testing

@testable import ocm_supervisor

@Suite struct ConfinementGapTests {
    @Test(
        arguments: [
            (6, []), (7, []), (5, [.scopes]), (4, [.scopes]), (3, [.ports, .scopes]), (2, [.ports, .scopes]),
            (1, [.ports, .scopes]), (0, [.landlock]), (-1, [.landlock]),
        ] as [(Int32, [ConfinementGap])])
    func whatAKernelDoesNotOfferIsNamed(_ version: Int32, _ gaps: [ConfinementGap]) {
        #expect(ConfinementGap.all(changesUser: true, landlock: version) == gaps)
        #expect(ConfinementGap.all(changesUser: false, landlock: version) == [.user] + gaps)
    }
}
