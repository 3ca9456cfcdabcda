import ArgumentParser

extension ExitCode {
    /// EX_CONFIG (sysexits.h): the configuration can't be used.
    static let configuration = ExitCode(78)
}
