import Glibc

/// Descriptors 0 to 2, as a program finds them.
enum StandardDescriptors {
    /// Fills those that are closed: else the next file that is opened would be written to as standard output. Reading and
    /// writing them fails as it did.
    static func occupy() {
        for number in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(number, F_GETFD) < 0 {
            _ = unsafe open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }
}
