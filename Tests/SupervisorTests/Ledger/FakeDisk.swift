import Glibc

@testable import ocm_supervisor

/// A disk that promises as little as a real one: what was not synchronized may be there after a power cut, or in part, or
/// not at all, and names may change in any order between two synchronizations of the directory.
final class FakeDisk: LedgerStorage {
    private final class File {
        var bytes: [UInt8] = []
        var durable: [UInt8] = []
    }

    enum Fault {
        /// The power goes: the operation is not done, nor is any after it.
        case powerCut
        /// The operation fails, a write half way, and so do those after it for a while.
        case failure(errno: Int32, operations: Int)
    }

    private enum Naming {
        case link(File, LedgerFile)
        case unlink(LedgerFile)
    }

    private var names: [LedgerFile: File] = [:]
    private var durableNames: [LedgerFile: File] = [:]
    private var unsynchronized: [Naming] = []
    private(set) var operations = 0
    private(set) var isDown = false
    private var faults: [Int: Fault] = [:]
    private var failing: (errno: Int32, until: Int)?

    init(_ contents: [LedgerFile: [UInt8]] = [:]) {
        for (name, bytes) in contents {
            let file = File()
            file.bytes = bytes
            file.durable = bytes
            names[name] = file
        }
        durableNames = names
    }

    var contents: [LedgerFile: [UInt8]] { names.mapValues(\.bytes) }

    /// Lets the operation of this number, from 1, meet a fault.
    func inject(_ fault: Fault, at operation: Int) {
        faults[operation] = fault
    }

    /// The states in which the disk may come back after a power cut: every choice of the names that were not
    /// synchronized, with every choice for what was written last.
    func afterPowerCut(sector: Int = 64) -> [[LedgerFile: [UInt8]]] {
        var states: [[LedgerFile: [UInt8]]] = []
        for choice in 0..<(1 << unsynchronized.count) {
            var chosen = durableNames
            for (index, naming) in unsynchronized.enumerated() where choice & (1 << index) != 0 {
                switch naming {
                case .link(let file, let name):
                    if let old = chosen.first(where: { $0.value === file })?.key { chosen[old] = nil }
                    chosen[name] = file
                case .unlink(let name):
                    chosen[name] = nil
                }
            }
            states += Self.contents(of: chosen, sector)
        }
        return states
    }

    private static func contents(of names: [LedgerFile: File], _ sector: Int) -> [[LedgerFile: [UInt8]]] {
        var base = names.mapValues(\.durable)
        var states = [base]
        for (name, file) in names where file.bytes != file.durable {
            for torn in tears(of: file, sector) {
                base[name] = torn
                states.append(base)
            }
            base[name] = file.durable
        }
        return states
    }

    /// The file as written, every beginning of what is new, and the new with each sector never written.
    private static func tears(of file: File, _ sector: Int) -> [[UInt8]] {
        let common = zip(file.bytes, file.durable).prefix { $0 == $1 }.count
        var tears = [file.bytes]
        for end in stride(from: common, to: file.bytes.count, by: sector) {
            tears.append(Array(file.bytes[..<end]))
            var holed = file.bytes
            for index in end..<min(end + sector, file.bytes.count) {
                holed[index] = index < file.durable.count ? file.durable[index] : 0
            }
            tears.append(holed)
        }
        return tears
    }

    private func operate(_ call: String, _ file: LedgerFile) throws(LedgerError) {
        operations += 1
        switch faults[operations] {
        case .powerCut: isDown = true
        case .failure(let errno, let count): failing = (errno, operations + count)
        case nil: break
        }
        if isDown { throw .system(call: "power", path: path(of: file), errno: EIO) }
        if let failing, operations < failing.until {
            throw .system(call: call, path: path(of: file), errno: failing.errno)
        }
    }

    private func file(_ name: LedgerFile, _ call: String) throws(LedgerError) -> File {
        guard let file = names[name] else { throw .system(call: call, path: path(of: name), errno: ENOENT) }
        return file
    }

    func path(of file: LedgerFile) -> String { "usages.json" + file.suffix }

    func lock() throws(LedgerError) { try operate("flock", .lock) }

    func read(_ file: LedgerFile) throws(LedgerError) -> [UInt8]? {
        try operate("read", file)
        return names[file]?.bytes
    }

    func exists(_ file: LedgerFile) -> Bool { names[file] != nil }

    func create(_ name: LedgerFile) throws(LedgerError) {
        try operate("open", name)
        if let file = names[name] {
            file.bytes = []
        } else {
            let file = File()
            names[name] = file
            unsynchronized.append(.link(file, name))
        }
    }

    func write(_ bytes: [UInt8], to name: LedgerFile, at offset: Int) throws(LedgerError) {
        let file = try file(name, "write")
        do throws(LedgerError) {
            try operate("write", name)
        } catch {
            // Also in a power cut: half of it may have gone out.
            put(bytes.prefix(bytes.count / 2), into: file, at: offset)
            throw error
        }
        put(bytes[...], into: file, at: offset)
    }

    private func put(_ bytes: ArraySlice<UInt8>, into file: File, at offset: Int) {
        let end = offset + bytes.count
        if file.bytes.count < end { file.bytes += [UInt8](repeating: 0, count: end - file.bytes.count) }
        file.bytes.replaceSubrange(offset..<end, with: bytes)
    }

    func truncate(_ name: LedgerFile, to length: Int) throws(LedgerError) {
        try operate("ftruncate", name)
        let file = try file(name, "ftruncate")
        file.bytes = Array(file.bytes.prefix(length))
    }

    func synchronize(_ name: LedgerFile) throws(LedgerError) {
        try operate("fsync", name)
        let file = try file(name, "fsync")
        file.durable = file.bytes
    }

    func rename(_ name: LedgerFile, to other: LedgerFile) throws(LedgerError) {
        try operate("rename", other)
        let file = try file(name, "rename")
        names[name] = nil
        names[other] = file
        unsynchronized.append(.link(file, other))
    }

    func remove(_ name: LedgerFile) {
        guard !isDown, names.removeValue(forKey: name) != nil else { return }
        unsynchronized.append(.unlink(name))
    }

    func synchronizeDirectory() throws(LedgerError) {
        try operate("fsync", .usages)
        durableNames = names
        unsynchronized = []
    }

    func close() {}
}
