import OCMEventLoop

@testable import ocm_supervisor

/// A file as the system has it in memory, and as it is on disk.
@EventLoop final class FakeFile {
    private(set) var bytes: [UInt8]
    private(set) var durable: [UInt8]
    /// The pages that the next synchronization brings to disk.
    private var dirty: Set<Int> = []
    private static let page = 64

    init(durable: [UInt8]) {
        bytes = durable
        self.durable = durable
    }

    func put(_ new: ArraySlice<UInt8>, at offset: Int) {
        let end = offset + new.count
        if bytes.count < end { bytes += [UInt8](repeating: 0, count: end - bytes.count) }
        bytes.replaceSubrange(offset..<end, with: new)
        if !new.isEmpty { dirty.formUnion(offset / Self.page...(end - 1) / Self.page) }
    }

    func truncate(to length: Int) {
        bytes = Array(bytes.prefix(length))
    }

    func synchronize() {
        durable = Array(durable.prefix(bytes.count))
        durable += [UInt8](repeating: 0, count: bytes.count - durable.count)
        for page in dirty {
            let range = (page * Self.page..<(page + 1) * Self.page).clamped(to: bytes.indices)
            durable.replaceSubrange(range, with: bytes[range])
        }
        dirty = []
    }

    /// What was to be written is so no longer, and is still what a read finds (fsync(2), since Linux 4.13).
    func failToSynchronize() {
        dirty = []
    }

    func evict() {
        for index in bytes.indices where !dirty.contains(index / Self.page) {
            bytes[index] = index < durable.count ? durable[index] : 0
        }
    }

    /// The states in which a power cut may leave what differs: nothing of it on disk, all of it, every beginning, all but one sector, and any choice of the sectors.
    func afterPowerCut(sector: Int) -> Set<[UInt8]> {
        guard bytes != durable else { return [durable] }
        let common = zip(bytes, durable).prefix { $0 == $1 }.count
        var states: Set = [durable, bytes]
        for end in stride(from: common, to: bytes.count, by: sector) {
            states.insert(Array(bytes[..<end]))
            states.insert(mixed { $0 != end / sector })
        }
        let sectors = Array(common / sector...(max(bytes.count - 1, common) / sector))
        guard sectors.count <= 8 else { return states }
        for choice in 0..<(1 << sectors.count) {
            states.insert(mixed { choice & (1 << ($0 - sectors[0])) != 0 })
        }
        return states

        func mixed(_ isWritten: (Int) -> Bool) -> [UInt8] {
            bytes.indices.map { index in
                if index < common || isWritten(index / sector) { return bytes[index] }
                return index < durable.count ? durable[index] : 0
            }
        }
    }
}

/// A change of a directory's names.
struct Naming {
    enum Change {
        case link(FakeFile, LedgerFile)
        case unlink(LedgerFile)
    }

    enum Certainty {
        /// The next synchronization brings it to disk.
        case fresh
        case sure
        /// One that failed was to bring it there.
        case lost
    }

    var change: Change
    var certainty = Certainty.fresh

    func applied(to names: [LedgerFile: FakeFile]) -> [LedgerFile: FakeFile] {
        var names = names
        switch change {
        case .link(let file, let name):
            if let old = names.first(where: { $0.value === file })?.key { names[old] = nil }
            names[name] = file
        case .unlink(let name):
            names[name] = nil
        }
        return names
    }
}

extension FakeDisk {
    func settleNames(_ certainty: Naming.Certainty) {
        for index in namings.indices where namings[index].certainty == .fresh {
            namings[index].certainty = certainty
        }
        while let first = namings.first, first.certainty == .sure {
            durableNames = first.applied(to: durableNames)
            namings.removeFirst()
        }
    }

    /// The states in which the disk may come back after a power cut: every choice of the names that are not certain, with
    /// every choice for what was written last.
    func afterPowerCut(sector: Int = 64) -> [[LedgerFile: [UInt8]]] {
        var choices = [durableNames]
        var known: Set<[LedgerFile: ObjectIdentifier]> = []
        for naming in namings {
            let applied = choices.map { naming.applied(to: $0) }
            choices = naming.certainty == .sure ? applied : choices + applied
            known = []
            choices.removeAll { !known.insert($0.mapValues { ObjectIdentifier($0) }).inserted }
        }
        return choices.flatMap { contents(of: $0, sector) }
    }

    private func contents(of names: [LedgerFile: FakeFile], _ sector: Int) -> [[LedgerFile: [UInt8]]] {
        var base = names.mapValues(\.durable)
        var states = [base]
        for (name, file) in names {
            for torn in file.afterPowerCut(sector: sector) where torn != file.durable {
                base[name] = torn
                states.append(base)
            }
            base[name] = file.durable
        }
        return states
    }
}
