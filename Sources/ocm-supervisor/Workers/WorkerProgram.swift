import Glibc

/// Where the worker's program is: beside the supervisor's own, or in `../libexec/ocm`, never where PATH says.
enum WorkerProgram {
    /// Resolved once, at the start: a package may replace the files later.
    static func locate() -> String? {
        var space = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = unsafe readlink("/proc/self/exe", &space, space.count - 1)
        guard length > 0 else { return nil }
        let own = String(decoding: space[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let slash = own.lastIndex(of: "/") else { return nil }
        let directory = own[..<slash]
        return ["\(directory)/ocm-worker", "\(directory)/../libexec/ocm/ocm-worker"].first { candidate in
            unsafe access(candidate, X_OK) == 0
        }
    }
}
