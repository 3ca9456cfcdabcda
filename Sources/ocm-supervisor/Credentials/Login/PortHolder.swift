internal import Glibc

/// A process that listens on a port of the loopback address, as /proc tells; other users' processes are seen by root
/// only.
struct PortHolder: Equatable, Sendable {
    let name: String
    let process: Int32

    static func ofLoopback(_ port: UInt16) -> PortHolder? {
        guard let table = text(of: "/proc/net/tcp") else { return nil }
        let sockets = Set(listeners(in: table, port: port).map { "socket:[\($0)]" })
        guard !sockets.isEmpty else { return nil }
        for process in entries(of: "/proc").compactMap({ Int32($0) }) {
            let folder = "/proc/\(process)/fd"
            guard entries(of: folder).contains(where: { link("\(folder)/\($0)").map(sockets.contains) ?? false }) else {
                continue
            }
            let name = text(of: "/proc/\(process)/comm").map { String($0.prefix { $0 != "\n" }) }
            return PortHolder(name: name ?? "", process: process)
        }
        return nil
    }

    /// The inodes of sockets that listen on `port` of 127.0.0.1 or of all addresses (proc(5), /proc/net/tcp).
    static func listeners(in table: String, port: UInt16) -> [String] {
        table.split(separator: "\n").dropFirst().compactMap { line in
            let columns = line.split(separator: " ")
            guard columns.count > 9, columns[3] == "0A" else { return nil }
            let local = columns[1].split(separator: ":")
            guard local.count == 2, UInt16(local[1], radix: 16) == port,
                let address = UInt32(local[0], radix: 16), [0, UInt32(0x7f00_0001).bigEndian].contains(address)
            else { return nil }
            return String(columns[9])
        }
    }

    private static func text(of path: String) -> String? {
        // Files of /proc have no size; this one has 150 bytes for each connection of the machine.
        guard let bytes = try? FileContents.read(path, limit: 4 << 20) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func entries(of path: String) -> [String] {
        guard let stream = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            names.append(
                unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                    unsafe String(cString: UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self))
                })
        }
        return names
    }

    private static func link(_ path: String) -> String? {
        var space = [CChar](repeating: 0, count: 64)
        let count = unsafe readlink(path, &space, space.count)
        return count > 0 ? String(decoding: space[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }
}

extension PortHolder: CustomStringConvertible {
    var description: String { "process \(process) (\(name))" }
}
