internal import Glibc

/// Where a path leads.
enum LinkTarget {
    /// What stands behind all symbolic links, or what the last of them names where that is not there.
    static func of(_ path: String) -> String {
        var name = path
        // As many links as the kernel follows (path_resolution(7)).
        for _ in 0..<40 {
            if let whole = resolved(name) { return whole }
            guard let next = link(name) else { return inResolvedDirectory(name) }
            name = next.hasPrefix("/") ? next : CredentialFile.directory(of: name) + next
        }
        return path
    }

    /// A name that is not there, so that two ways to it are told to be to one place. Unchanged where its directory does
    /// not exist either.
    private static func inResolvedDirectory(_ path: String) -> String {
        guard let directory = resolved(CredentialFile.directory(of: path)) else { return path }
        return (directory == "/" ? "" : directory) + "/" + CredentialFile.name(of: path)
    }

    private static func resolved(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    /// What a symbolic link says; nil for anything else.
    private static func link(_ path: String) -> String? {
        var space = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink(path, &space, space.count)
        guard count > 0, count < space.count else { return nil }
        return String(decoding: space[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
