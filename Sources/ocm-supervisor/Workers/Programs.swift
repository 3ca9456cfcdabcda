import CShims
import Glibc

/// Where the two programs are.
struct Programs {
    /// Leads to the supervisor's own file.
    let supervisor: String
    /// Leads to the worker's, which is beside the supervisor's, or in `../libexec/ocm`, never where PATH says.
    let worker: String

    /// Found once, at the start, and opened for as long as the process lives: a package may replace the files later, and
    /// what this supervisor starts is of its own version all the same. Nil where there is no worker.
    static func locate() -> Programs? {
        guard let own = ownFile, let worker = worker(beside: own),
            let supervisor = opened("/proc/self/exe"), let program = opened(worker)
        else { return nil }
        return Programs(supervisor: supervisor, worker: program)
    }

    private static func opened(_ path: String) -> String? {
        let number = unsafe ocm_open_program(path)
        return number < 0 ? nil : "/proc/self/fd/\(number)"
    }

    /// The path by which this program was executed, which leads to the next version once a package has replaced it; its own
    /// file where it was executed in some other way. Asked at the start, absolute.
    static var executedPath: String? {
        lastingPath(
            unsafe ocm_executed_path().map { unsafe String(cString: $0) }, in: Surroundings.current.workingDirectory)
            ?? ownFile
    }

    /// A name by which a program was executed, absolute; nil where it leads to one open file, whatever is put in its place
    /// (fexecve(3)). The file that it leads to need not be the one that runs: a package may have replaced that already.
    static func lastingPath(_ name: String?, in directory: String) -> String? {
        guard let name, !name.isEmpty else { return nil }
        let path = name.hasPrefix("/") ? name : "\(directory)/\(name)"
        return path.hasPrefix("/proc/") || path.hasPrefix("/dev/fd/") ? nil : path
    }

    private static var ownFile: String? { target(of: "/proc/self/exe") }

    /// Where a program is that was opened, for people.
    static func name(of program: String) -> String { target(of: program) ?? program }

    private static func target(of link: String) -> String? {
        var space = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = unsafe readlink(link, &space, space.count - 1)
        return length > 0 ? String(decoding: space[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }

    /// The worker program that belongs to a supervisor's; nil where there is none.
    static func worker(beside own: String) -> String? {
        guard let slash = own.lastIndex(of: "/") else { return nil }
        let directory = own[..<slash]
        let candidates = ["\(directory)/ocm-worker", "\(directory)/../libexec/ocm/ocm-worker"]
        return candidates.first { unsafe access($0, X_OK) == 0 }
    }
}
