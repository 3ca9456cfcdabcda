import OCMTLS
import Testing

@testable import ocm_supervisor

@Suite struct ReloadPlanTests {
    private func plan(_ change: (inout Configuration) -> Void) throws -> ReloadPlan {
        let old = try Samples.read(Samples.whole)
        var new = old
        change(&new)
        return ReloadPlan(from: old, to: new)
    }

    @Test func theSameIsNothingToBeDone() throws {
        #expect(try plan { _ in }.isEmpty)
        #expect(try plan { $0.warnings = [] }.isEmpty)
    }

    @Test func usersAreNamed() throws {
        let plan = try plan {
            $0.services[0].users[0].digest = SHA256Digest(of: "another")
            $0.services[0].users[1].name = "carol"
        }
        #expect(plan.changes == ["services[codex].users: carol added, bob removed, the token of alice changed"])
        #expect(!plan.needsGeneration)
    }

    @Test func manyUsersAreCounted() throws {
        let plan = try plan {
            $0.services[0].users += (1...12).map { .init(name: "u\($0)", digest: SHA256Digest(of: "t\($0)")) }
        }
        #expect(plan.changes == ["services[codex].users: u1, u2, u3, u4, u5, u6, u7, u8, u9 and 3 more added"])
    }

    @Test func noSecretIsTold() throws {
        let plan = try plan {
            $0.services[0].users[0].digest = SHA256Digest(of: "sk-secret")
            $0.services[0].headers[0].values = ["sk-secret"]
        }
        #expect(plan.changes.count == 2)
        let digest = SHA256Digest(of: "sk-secret").hexadecimal
        #expect(!plan.changes.contains { $0.contains("sk-secret") || $0.contains(digest) })
    }

    @Test func someTakesOtherWorkers() throws {
        let cases: [(words: String, change: (inout Configuration) -> Void)] = [
            ("supervisor.workers: 3 is now 4", { $0.workers = 4 }),
            ("services[codex].listen_port: 8080 is now 81", { $0.services[0].listener.port = 81 }),
            ("services[codex].listen: ::1 is now 127.0.0.1", { $0.services[0].listener.address = .loopback }),
            ("services[codex]: removed services[new]: added", { $0.services[0].tag = "new" }),
            ("supervisor.limits.memory: 0 is now 536870912", { $0.limits.memory = 512 << 20 }),
            ("log.format: json is now text", { $0.log.format = .text }),
            (
                "supervisor.endpoints.openai: https://api.openai.com is now https://api.openai.com/x",
                { $0.endpoints.openai.path = "/x" }
            ),
        ]
        for (words, change) in cases {
            let plan = try plan(change)
            #expect(plan.changes.joined(separator: " ") == words)
            #expect(plan.needsGeneration)
        }
    }

    @Test func someIsTakenUnderWay() throws {
        let cases: [(words: String, change: (inout Configuration) -> Void)] = [
            ("log.level: debug is now warn", { $0.log.level = .warn }),
            ("log.access: true is now false", { $0.log.access = false }),
            ("supervisor.drain_timeout: 1h is now 1h30m", { $0.drainTimeout = .seconds(5400) }),
            ("supervisor.stop_timeout: 0 is now 1m", { $0.stopTimeout = .seconds(60) }),
            ("supervisor.limits.requests_per_user: 4 is now 0", { $0.limits.requestsPerUser = nil }),
            ("supervisor.limits.connections: 0 is now 7", { $0.limits.connections = .atMost(7) }),
            ("supervisor.timeouts.head: 1500ms is now 15s", { $0.timeouts.head = .seconds(15) }),
            ("supervisor.pricing_path: /work/p.json is now none", { $0.pricingPath = nil }),
            ("services[codex].usages_path: /work/usages.json is now none", { $0.services[0].usagesPath = nil }),
            (
                "services[codex].headers: X-Name and X-Gone removed, X-List changed",
                { $0.services[0].headers = [.init(name: "X-List", values: ["a"])] }
            ),
            ("supervisor.admin_socket: /srv/a.sock is now /srv/b.sock", { $0.adminSocket = "/srv/b.sock" }),
        ]
        for (words, change) in cases {
            let plan = try plan(change)
            #expect(plan.changes == [words])
            #expect(!plan.needsGeneration && plan.refusals.isEmpty)
        }
    }

    @Test func theStateDirectoryStays() throws {
        let plan = try plan { $0.stateDirectory = "/elsewhere" }
        #expect(plan.refusals.count == 1 && plan.refusals[0].contains("/srv/state"))
        #expect(!plan.isEmpty)
    }

    @Test func whatIsFoundOnDiskCountsToo() throws {
        var plan = try plan { _ in }
        plan.found("supervisor.pricing_path: the prices are others", needsGeneration: false)
        #expect(!plan.isEmpty && !plan.needsGeneration)
        plan.requireGeneration()
        #expect(plan.needsGeneration)
    }
}
