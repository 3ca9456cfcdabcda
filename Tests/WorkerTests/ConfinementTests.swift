import Testing

@testable import ocm_worker

@Suite struct ConfinementTests {
    @Test func eachVersionOfLandlockDeniesAllThatItKnows() {
        #expect(Landlock.rights(version: 1) == Landlock.Rights(files: 0x1fff, network: 0, scoped: 0))
        #expect(Landlock.rights(version: 2) == Landlock.Rights(files: 0x3fff, network: 0, scoped: 0))
        #expect(Landlock.rights(version: 3) == Landlock.Rights(files: 0x7fff, network: 0, scoped: 0))
        #expect(Landlock.rights(version: 4) == Landlock.Rights(files: 0x7fff, network: 3, scoped: 0))
        #expect(Landlock.rights(version: 5) == Landlock.Rights(files: 0xffff, network: 3, scoped: 0))
        #expect(Landlock.rights(version: 6) == Landlock.Rights(files: 0xffff, network: 3, scoped: 3))
        #expect(Landlock.rights(version: 99) == Landlock.rights(version: 6))
    }

    @Test func noRuleIsThereTwiceAndNoneUndoesAnother() {
        for (index, call) in PermittedCall.all.enumerated() {
            let same = PermittedCall.all[(index + 1)...].filter { $0.name.description == call.name.description }
            // Without a condition, a rule would make those of the others void.
            #expect(!same.contains(call) && (same.isEmpty || !call.conditions.isEmpty), "\(call.name)")
            #expect(!same.contains { $0.conditions.isEmpty }, "\(call.name)")
        }
    }

    @Test(arguments: [
        "open", "openat", "openat2", "creat", "stat", "newfstatat", "statx", "access", "readlink", "getdents64",
        "chdir",
        "execve", "execveat", "fork", "vfork", "clone", "clone3", "kill", "tkill", "ptrace", "process_vm_readv",
        "pidfd_open",
        "bind", "listen", "socketpair", "ioctl", "prctl", "io_uring_setup", "io_setup", "bpf", "userfaultfd",
        "perf_event_open", "keyctl", "mount", "unshare", "setns", "setuid", "setresuid", "seccomp", "setrlimit",
        "shmat",
        "pkey_mprotect", "personality", "name_to_handle_at", "pidfd_getfd",
    ])
    func whatReachesBeyondTheProcessIsNotInTheList(_ name: String) {
        #expect(!PermittedCall.all.contains { $0.name.description == name })
    }

    @Test(arguments: [
        "socket", "connect", "setsockopt", "sendmsg", "sendto", "mmap", "mprotect", "fcntl", "tgkill", "dup2",
        "prlimit64",
    ])
    func whatReachesFurtherThanServingDoesIsBoundByItsArguments(_ name: String) {
        let rules = PermittedCall.all.filter { $0.name.description == name }
        #expect(!rules.isEmpty && rules.allSatisfy { !$0.conditions.isEmpty })
    }
}
