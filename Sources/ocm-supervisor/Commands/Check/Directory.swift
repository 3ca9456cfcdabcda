import Glibc
import OCMEventLoop

/// Directories that files are looked up in.
enum Directory {
    /// What is wrong with one, and what to do; `nil` where it can be searched.
    static func problem(_ path: String) -> String? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            return "can't be read (\(SystemError("stat").reason)); name a readable directory"
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { return "is not a directory; name a directory of PEM files" }
        guard unsafe access(path, R_OK | X_OK) == 0 else {
            return "can't be read (\(SystemError("access").reason)); name a readable directory"
        }
        return nil
    }
}
