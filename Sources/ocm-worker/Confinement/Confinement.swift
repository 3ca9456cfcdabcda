internal import CShims
internal import OCMEventLoop

/// What makes a worker a process that whoever takes it over can do nothing with but serve.
///
/// Supervisor and worker share the work. Between fork and exec the supervisor's side changes the user, gives up all
/// capabilities and sets the limit of memory, so that no instruction of this program runs with more
/// (`CShims/process.c`). The worker looks that it is so, and does the rest in two steps: what needs nothing at birth, before
/// a secret comes through the channel; and what takes the last access to files and the network when it is configured, before
/// it says that it is ready, and so before it has a listener.
enum Confinement {
    /// The first thing that happens in the process.
    static func begin() throws(ConfinementError) {
        do throws(SystemError) {
            ocm_default_crash_signals()
            try sealMemory()
            try closeDescriptors()
            try forbidNewPrivileges()
            try verifyCapabilities()
            try raiseDescriptorLimit()
        } catch {
            throw .step(error)
        }
        try verifyIdentity()
        readFiles()
    }

    /// The last thing before it serves. There is no way back, and no second call.
    ///
    /// - Parameter ports: on which the API is reached.
    static func complete(ports: Set<UInt16>) throws(ConfinementError) {
        #if !OCM_SANITIZED
            do throws(SystemError) { try Landlock.restrict(connectingTo: ports) } catch { throw .step(error) }
            try SystemCallFilter.load()
        #endif
    }
}
