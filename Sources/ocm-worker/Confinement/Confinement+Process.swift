internal import CShims
internal import Glibc
internal import OCMEventLoop
internal import OCMTLS

// The steps that need nothing.
extension Confinement {
    /// The last of those that the supervisor hands over: its log, the channel, the rendezvous, the journal.
    private static let lastDescriptor: Int32 = 5

    /// No core file, and no process of the same user that traces this one or reads its memory (prctl(2), PR_SET_DUMPABLE;
    /// getrlimit(2), RLIMIT_CORE).
    static func sealMemory() throws(SystemError) {
        #if !OCM_SANITIZED
            guard ocm_forbid_dumps() == 0 else { throw SystemError("prctl") }
        #endif
    }

    /// Nothing is open but what this program knows (close_range(2)). Standard input and output lead nowhere: they may have
    /// been somebody's terminal (null(4)).
    static func closeDescriptors() throws(SystemError) {
        guard ocm_close_from(lastDescriptor + 1) == 0 else { throw SystemError("close_range") }
        let nothing = try FileDescriptor("open", unsafe open("/dev/null", O_RDWR | O_CLOEXEC))
        for number in [STDIN_FILENO, STDOUT_FILENO] {
            guard dup2(nothing.number, number) == number else { throw SystemError("dup2") }
        }
    }

    /// No program that is executed from here has more rights; Landlock and filters of system calls ask for it (prctl(2),
    /// PR_SET_NO_NEW_PRIVS).
    static func forbidNewPrivileges() throws(SystemError) {
        guard ocm_forbid_new_privileges() == 0 else { throw SystemError("prctl") }
    }

    /// Effective, permitted, inheritable and ambient sets are empty (capabilities(7)).
    static func verifyCapabilities() throws(SystemError) {
        guard ocm_keep_capabilities(0) == 0 else { throw SystemError("capset") }
    }

    /// As many descriptors as the hard limit allows (getrlimit(2), RLIMIT_NOFILE).
    static func raiseDescriptorLimit() throws(SystemError) {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard unsafe getrlimit(resource, &limit) == 0 else { throw SystemError("getrlimit") }
        limit.rlim_cur = limit.rlim_max
        guard unsafe setrlimit(resource, &limit) == 0 else { throw SystemError("setrlimit") }
    }

    /// Has the libraries read now what they would read when they first need it: OpenSSL its configuration, with what that
    /// names, and the C library, for times of whatever zone, /etc/localtime (tzset(3)).
    static func readFiles() {
        TLSLibrary.load()
        tzset()
    }

    /// Real, effective and saved user and group are one each, and the user is not root (getresuid(2), getresgid(2)).
    static func verifyIdentity() throws(ConfinementError) {
        var (user, group) = (uid_t(), gid_t())
        guard unsafe ocm_identity(&user, &group) == 0 else { throw .step(SystemError("getresuid")) }
        guard user != 0 else { throw .root }
    }
}
