import Glibc

/// Where the two programs are.
struct Programs {
    /// Absolute path of the supervisor's own file.
    let supervisor: String
    /// Beside the supervisor's, or in `../libexec/ocm`, never where PATH says.
    let worker: String

    /// Resolved once, at the start: a package may replace the files later. Nil where there is no worker.
    static func locate() -> Programs? {
        var space = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = unsafe readlink("/proc/self/exe", &space, space.count - 1)
        guard length > 0 else { return nil }
        let own = String(decoding: space[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let slash = own.lastIndex(of: "/") else { return nil }
        let directory = own[..<slash]
        let candidates = ["\(directory)/ocm-worker", "\(directory)/../libexec/ocm/ocm-worker"]
        return candidates.first { unsafe access($0, X_OK) == 0 }.map { Programs(supervisor: own, worker: $0) }
    }
}
