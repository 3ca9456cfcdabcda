/// Serves what a configuration says.
struct Supervisor {
    /// Returns the exit status when the service has ended.
    static func run(configuration: Configuration) -> Int32 {
        StandardError.write("ocm-supervisor: serving is not built yet\n")
        return 1
    }
}
