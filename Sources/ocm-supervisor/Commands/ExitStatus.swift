import ArgumentParser

extension ExitCode {
    /// EX_CONFIG (sysexits.h): the configuration can't be used.
    static let configuration = ExitCode(78)

    /// What a shell shows of a program that SIGPIPE has ended.
    static let brokenPipe = ExitCode(128 + 13)
}
