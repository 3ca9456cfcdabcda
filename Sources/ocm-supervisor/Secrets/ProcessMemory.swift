internal import CShims

/// The memory of a process that holds the login.
enum ProcessMemory {
    /// Keeps it out of core files and from other processes of the same user. Called before anything secret is read.
    static func seal() {
        // Both calls can only fail where the kernel knows neither, which none that OCM runs on does.
        _ = ocm_forbid_dumps()
    }
}
