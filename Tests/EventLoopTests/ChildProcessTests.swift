import Glibc
import LoopTestSupport
import OCMEventLoop
import Testing

@Suite struct ChildProcessTests {
    @Test(arguments: [0, 1, 77, 255] as [Int32]) func theExitCodeIsKnown(_ code: Int32) throws {
        try onLoop {
            let child = try ChildProcess(plan("exit \(code)"))
            #expect(try await child.exit() == .code(code))
        }
    }

    @Test(arguments: [SIGKILL, SIGTERM, SIGABRT]) func theSignalThatEndedItIsKnown(_ signal: Int32) throws {
        try onLoop {
            let child = try ChildProcess(plan("exec sleep 60"))
            child.kill(signal)
            #expect(try await child.exit() == .signal(signal))
            // Whoever asks later is told too, and a signal to a process that has ended does nothing.
            child.kill(SIGKILL)
            #expect(try await child.exit() == .signal(signal))
        }
    }

    @Test func everyWaiterIsToldOfTheEnd() throws {
        try onLoop {
            let child = try ChildProcess(plan("exec sleep 60"))
            let told = Told()
            for _ in 0..<3 {
                EventLoop.spawn {
                    told.exits.append(try? await child.exit())
                    if told.exits.count == 3 { told.all.signal() }
                }
            }
            await EventLoop.yield()
            child.kill(SIGTERM)
            try await told.all.wait(until: EventLoop.now + .seconds(5))
            #expect(told.exits == [.signal(SIGTERM), .signal(SIGTERM), .signal(SIGTERM)])
        }
    }

    @Test func aProgramThatCanNotBeStartedIsAnErrorOfTheStart() throws {
        try onLoop {
            for (path, code) in [("/nonexistent", ENOENT), ("/etc/passwd", EACCES), ("/bin", EACCES)] {
                let failure = #expect(throws: SystemError.self) {
                    _ = try ChildProcess(ChildProcess.Plan(path: path, arguments: ["program"]))
                }
                #expect(failure?.code == code, "\(path)")
            }
        }
    }

    @Test func nothingOfTheEnvironmentIsInherited() throws {
        try onLoop {
            var plan = plan("", path: "/usr/bin/env")
            let nothing = try await output(of: plan)
            #expect(nothing == "")
            plan.environment = ["NAME=value"]
            let one = try await output(of: plan)
            #expect(one == "NAME=value\n")
        }
    }

    @Test func theChildHasTheDescriptorsOfThePlanAndNoOther() throws {
        try onLoop {
            let inheritable = try FileDescriptor("dup", fcntl(0, F_DUPFD, 50))
            #expect(fcntl(inheritable.number, F_GETFD) == 0)
            let null = try FileDescriptor("open", open("/dev/null", O_RDWR | O_CLOEXEC))
            var plan = plan("cd /proc/$$/fd; echo *")
            plan.descriptors = [(null.number, 0), (null.number, 2), (null.number, 7)]
            // 1 is the pipe that the answer comes through, 3 the directory that the shell reads.
            let descriptors = try await output(of: plan).split(whereSeparator: \.isWhitespace)
            #expect(descriptors.map(String.init).sorted() == ["0", "1", "2", "3", "7"])
        }
    }

    @Test func theChildHasCapabilitiesOnlyWhereItIsToKeepThem() throws {
        try onLoop {
            let script = "grep -E '^Cap(Prm|Eff|Inh|Amb)|^NoNew' /proc/self/status"
            let without = try await output(of: plan(script)).split(separator: "\n")
            #expect(without.filter { $0.hasSuffix("\t0000000000000000") }.count == 4, "\(without)")
            #expect(without.contains("NoNewPrivs:\t1"))
            var plan = plan(script)
            plan.isPrivileged = true
            let with = try await output(of: plan).split(separator: "\n")
            #expect(with.contains("NoNewPrivs:\t0"))
            #expect(geteuid() != 0 || with.filter { $0.hasSuffix("\t0000000000000000") }.count < 4, "\(with)")
        }
    }

    @Test func theChildsMemoryIsLimitedWhereThePlanSaysSo() throws {
        try onLoop {
            var plan = plan("ulimit -v")
            plan.addressSpace = 256 << 20
            let limit = try await output(of: plan)
            #expect(limit == "262144\n")
        }
    }

    @Test func descriptorsCanChangePlaces() throws {
        try onLoop {
            let (first, second) = (try pipeEnds(), try pipeEnds())
            // The shell takes numbers of one digit only.
            let path = { (number: Int32) in "/proc/self/fd/\(number)" }
            var plan = plan("echo to the first >\(path(second.write)); echo to the second >\(path(first.write))")
            plan.descriptors = [(first.write, second.write), (second.write, first.write)]
            let child = try ChildProcess(plan)
            #expect(try await child.exit() == .code(0))
            close(first.write)
            close(second.write)
            #expect(readAll(first.read) == "to the first\n")
            #expect(readAll(second.read) == "to the second\n")
        }
    }

    private func plan(_ script: String, path: String = "/bin/sh") -> ChildProcess.Plan {
        ChildProcess.Plan(path: path, arguments: script.isEmpty ? [path] : [path, "-c", script])
    }

    /// What the program writes to its standard output.
    @EventLoop private func output(of plan: ChildProcess.Plan) async throws -> String {
        let ends = try pipeEnds()
        var plan = plan
        plan.descriptors.append((ends.write, 1))
        let child = try ChildProcess(plan)
        close(ends.write)
        #expect(try await child.exit() == .code(0))
        return readAll(ends.read)
    }

    private func pipeEnds() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SystemError("pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    /// Reads up to the end, at most one pipe full, and closes.
    private func readAll(_ number: Int32) -> String {
        defer { close(number) }
        var text: [UInt8] = []
        var space = [UInt8](repeating: 0, count: 4096)
        while case let count = read(number, &space, space.count), count > 0 { text += space[..<count] }
        return String(decoding: text, as: UTF8.self)
    }
}

@EventLoop private final class Told {
    var exits: [ChildProcess.Exit?] = []
    let all = Wakeup()
}
