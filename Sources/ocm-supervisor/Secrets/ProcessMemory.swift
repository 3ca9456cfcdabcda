internal import CShims
internal import OCMEventLoop

/// The memory of a process that holds the login.
enum ProcessMemory {
    /// Keeps it out of core files, logs and from other processes of the same user. Called before anything secret is read.
    static func seal() throws(SystemError) {
        ocm_default_crash_signals()
        guard ocm_forbid_dumps() == 0 else { throw SystemError("prctl") }
    }
}
