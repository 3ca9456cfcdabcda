import Glibc
import OCMEventLoop
import Testing

/// A directory that goes away with its owner.
final class TemporaryDirectory {
    let path: String
    private var isMounted = false

    init() {
        var template = Array("/tmp/ocm-credential-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? "/nonexistent"
    }

    deinit {
        if isMounted { umount2(path, Int32(MNT_DETACH)) }
        Self.remove(path)
    }

    private static func remove(_ path: String) {
        for name in names(in: path) {
            var status = stat()
            let entry = path + "/" + name
            if lstat(entry, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { remove(entry) } else { unlink(entry) }
        }
        rmdir(path)
    }

    var names: [String] { Self.names(in: path) }

    /// Sorted, hidden ones too.
    static func names(in path: String) -> [String] {
        guard let stream = opendir(path) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// By truncation, as the CLI writes.
    func write(_ text: String, to name: String, mode: mode_t = 0o600) {
        let number = open(path + "/" + name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        #expect(number >= 0)
        let bytes = Array(text.utf8)
        #expect(Glibc.write(number, bytes, bytes.count) == bytes.count)
        fchmod(number, mode)
        close(number)
    }

    func read(_ name: String) -> String? {
        let number = open(path + "/" + name, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { return nil }
        defer { close(number) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = Glibc.read(number, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    }

    /// Whether this process may mount file systems: as root, and not in every container.
    static let mayMount = TemporaryDirectory().mountSmall()

    /// Runs `body` with a file system of 256 KiB mounted on the directory.
    func asSmallFileSystem(_ body: (String) throws -> Void) throws {
        try #require(mountSmall())
        try body(path)
    }

    func mountSmall() -> Bool {
        isMounted = mount("none", path, "tmpfs", 0, "size=256k,mode=700") == 0
        return isMounted
    }

    func makeReadOnly() {
        #expect(mount("none", path, nil, UInt(MS_REMOUNT | MS_RDONLY), nil) == 0)
    }

    /// Until not a byte more goes in.
    func fill() {
        let number = open(path + "/filling", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        let block = [UInt8](repeating: 0, count: 4096)
        while Glibc.write(number, block, block.count) > 0 {}
        close(number)
    }

    func empty() {
        unlink(path + "/filling")
    }
}

extension TemporaryDirectory {
    /// As `asSmallFileSystem`, for code on the loop.
    @EventLoop func asSmallFileSystemOnLoop(_ body: @EventLoop () async throws -> Void) async throws {
        let isMounted = mountSmall()
        try #require(isMounted)
        try await body()
    }
}
