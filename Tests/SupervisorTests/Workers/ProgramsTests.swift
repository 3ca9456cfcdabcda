import Testing

@testable import ocm_supervisor

@Suite struct ProgramsTests {
    @Test func thePathOfTheProgramIsTheNameThatItWasExecutedBy() {
        #expect(Programs.lastingPath("/usr/bin/ocm-supervisor", in: "/") == "/usr/bin/ocm-supervisor")
        #expect(Programs.lastingPath("bin/ocm-supervisor", in: "/opt") == "/opt/bin/ocm-supervisor")
    }

    /// Between its execution and the first look a package may have put another file there: the name stays good.
    @Test func noFileHasToBeThere() {
        #expect(Programs.lastingPath("/nowhere/ocm-supervisor", in: "/") == "/nowhere/ocm-supervisor")
    }

    @Test(arguments: ["/proc/self/fd/7", "/proc/123/exe", "/dev/fd/7", "/dev/fd/7/ocm-supervisor", "", nil])
    func aNameThatLeadsToOneOpenFileIsNone(name: String?) {
        #expect(Programs.lastingPath(name, in: "/") == nil)
    }
}
