import Glibc
import OCMEventLoop

@testable import ocm_supervisor

/// A disk that promises as little as a real one: what was not synchronized may be there after a power cut, or in part, or
/// not at all, and names may change in any order between two synchronizations of the directory. What a synchronization was
/// to bring to disk when it failed, no later one brings there, unless it is written again.
@EventLoop final class FakeDisk: @EventLoop LedgerStorage {
    enum Fault {
        /// The power goes: the operation is not done, nor is any after it.
        case powerCut
        /// The process is killed: the operation is not done, nor is any after it; the system goes on, until ``restart()``.
        case kill
        /// The operation fails, a write half way, and so do those after it for a while.
        case failure(errno: Int32, operations: Int)
    }

    var names: [LedgerFile: FakeFile] = [:]
    /// On disk for sure.
    var durableNames: [LedgerFile: FakeFile] = [:]
    /// What happened to the names since, from the first of which that is not certain.
    var namings: [Naming] = []
    private(set) var operations = 0
    private(set) var isDown = false
    private var faults: [Int: Fault] = [:]
    private var isLocked = false
    /// What was written to under these names.
    private var opened: [LedgerFile: FakeFile] = [:]
    private var failing: (errno: Int32, until: Int)?
    /// What else happens while the disk is being synchronized.
    var meanwhile: () -> Void = {}
    /// What else happens after one has failed.
    var afterFailure: () -> Void = {}
    /// Synchronizations take until ``release()``.
    var isHeld = false
    private let released = Wakeup()
    private let held = Wakeup()

    init(_ contents: [LedgerFile: [UInt8]] = [:]) {
        names = contents.mapValues { FakeFile(durable: $0) }
        durableNames = names
    }

    var contents: [LedgerFile: [UInt8]] { names.mapValues(\.bytes) }

    /// Lets the operation of this number, from 1, meet a fault.
    func inject(_ fault: Fault, at operation: Int) {
        faults[operation] = fault
    }

    /// After a kill, another process goes on.
    func restart() {
        isDown = false
        isLocked = false
        opened = [:]
        faults = [:]
    }

    /// The system needs its memory: what is not waiting for the disk has to be read from there again.
    func evict() {
        for file in names.values { file.evict() }
    }

    /// Suspends until a synchronization is held.
    func isHolding() async {
        try? await held.wait()
    }

    func release() {
        isHeld = false
        released.signal()
    }

    private func operate(_ call: String, _ file: LedgerFile) throws(LedgerError) {
        operations += 1
        switch faults[operations] {
        case .powerCut, .kill: isDown = true
        case .failure(let errno, let count): failing = (errno, operations + count)
        case nil: break
        }
        if isDown { throw .system(call: "power", path: path(of: file), errno: EIO) }
        if let failing, operations < failing.until {
            throw .system(call: call, path: path(of: file), errno: failing.errno)
        }
    }

    private func file(_ name: LedgerFile, _ call: String) throws(LedgerError) -> FakeFile {
        guard let file = names[name] else { throw .system(call: call, path: path(of: name), errno: ENOENT) }
        return file
    }

    private func wait() async {
        if !isDown { meanwhile() }
        if isHeld {
            held.signal()
            try? await released.wait()
        }
    }

    // The storage.

    nonisolated static func path(of file: LedgerFile) -> String { "usages.json" + file.suffix }

    func path(of file: LedgerFile) -> String { Self.path(of: file) }

    func lock() throws(LedgerError) {
        if isLocked, !isDown { return }
        try operate("flock", .lock)
        isLocked = true
    }

    func isInPlace(_ file: LedgerFile) -> Bool {
        isDown || names[file] != nil && names[file] === opened[file] ?? names[file]
    }

    func state(of file: LedgerFile) -> FileState? {
        names[file].map { file in
            FileState(
                device: 0, inode: UInt64(UInt(bitPattern: ObjectIdentifier(file).hashValue)),
                size: Int64(file.bytes.count),
                modified: [Int64(truncatingIfNeeded: FileDigest(of: file.bytes).value)])
        }
    }

    func read(_ file: LedgerFile) throws(LedgerError) -> [UInt8]? {
        try operate("read", file)
        return names[file]?.bytes
    }

    func exists(_ file: LedgerFile) -> Bool { names[file] != nil }

    func create(_ name: LedgerFile) throws(LedgerError) {
        try operate("open", name)
        if let file = names[name] {
            file.truncate(to: 0)
        } else {
            let file = FakeFile(durable: [])
            names[name] = file
            namings.append(Naming(change: .link(file, name)))
        }
    }

    func write(_ bytes: [UInt8], to name: LedgerFile, at offset: Int) throws(LedgerError) {
        let file = try file(name, "write")
        do throws(LedgerError) {
            try operate("write", name)
        } catch {
            // Also in a power cut: half of it may have gone out.
            file.put(bytes.prefix(bytes.count / 2), at: offset)
            throw error
        }
        opened[name] = file
        file.put(bytes[...], at: offset)
    }

    func truncate(_ name: LedgerFile, to length: Int) throws(LedgerError) {
        try operate("ftruncate", name)
        try file(name, "ftruncate").truncate(to: length)
    }

    @EventLoop func synchronize(_ name: LedgerFile) async throws(LedgerError) {
        await wait()
        let file = try file(name, "fsync")
        do throws(LedgerError) {
            try operate("fsync", name)
        } catch {
            if !isDown {
                file.failToSynchronize()
                afterFailure()
            }
            throw error
        }
        file.synchronize()
    }

    func rename(_ name: LedgerFile, to other: LedgerFile) throws(LedgerError) {
        try operate("rename", other)
        let file = try file(name, "rename")
        names[name] = nil
        names[other] = file
        opened[name] = nil
        opened[other] = file
        namings.append(Naming(change: .link(file, other)))
    }

    func remove(_ name: LedgerFile) {
        guard !isDown, names.removeValue(forKey: name) != nil else { return }
        namings.append(Naming(change: .unlink(name)))
    }

    @EventLoop func synchronizeDirectory() async throws(LedgerError) {
        await wait()
        do throws(LedgerError) {
            try operate("fsync", .usages)
        } catch {
            if !isDown { settleNames(.lost) }
            throw error
        }
        settleNames(.sure)
    }

    func close() {
        isLocked = false
        opened = [:]
    }
}
